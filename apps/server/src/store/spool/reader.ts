import type { Worker } from 'node:worker_threads';
import { startThread } from '../../threads/start-thread.ts';
import type { ReadReply, ReadRequest } from './reader-thread.ts';

type Read = Extract<ReadReply, { kind: 'read' }>;

/** Somebody reads a file behind its writer. */
export interface Reading {
  /** The first `size` bytes are written. */
  grown(size: number): void;
  /** All `size` bytes are written: what they are. */
  end(size: number): Promise<Read>;
  /** The file is given up. */
  stop(): void;
}

/** A thread that has nothing to do for so long ends: it takes 15 MB. */
const restMs = 60_000;

/**
 * Hashes and looks through spooled files in a thread, while they are written: two thirds of the work on an update's
 * bytes, which the main thread does not have to do. The thread is started when the first file comes.
 */
export class SpoolReader {
  #thread: Worker | null = null;
  #rest: NodeJS.Timeout | undefined;
  #next = 0;
  readonly #reading = new Set<number>();
  readonly #due = new Map<number, { resolve: (read: Read) => void; reject: (error: Error) => void }>();

  /** Begins to read a file that is there. */
  read(path: string): Reading {
    const id = this.#next++;
    this.#reading.add(id);
    clearTimeout(this.#rest);
    const thread = this.#running();
    const ask = (request: ReadRequest): void => thread.postMessage(request);
    ask({ kind: 'open', id, path });
    return {
      grown: (size) => ask({ kind: 'grown', id, size }),
      end: (size) =>
        new Promise<Read>((resolve, reject) => {
          // One that has failed meanwhile would never answer.
          if (thread !== this.#thread) return reject(gone());
          this.#due.set(id, { resolve, reject });
          ask({ kind: 'end', id, size });
        }).finally(() => this.#done(id)),
      stop: () => {
        ask({ kind: 'stop', id });
        this.#done(id);
      },
    };
  }

  #running(): Worker {
    if (this.#thread) return this.#thread;
    const thread = startThread(new URL('./reader-thread.ts', import.meta.url), {});
    thread.unref();
    thread.on('message', (reply: ReadReply) => {
      const due = this.#due.get(reply.id);
      if (reply.kind === 'read') due?.resolve(reply);
      else due?.reject(new Error(`a spooled file could not be read: ${reply.message}`));
    });
    thread.on('error', (error) => this.#lost(thread, error));
    thread.on('exit', () => this.#lost(thread, gone()));
    this.#thread = thread;
    return thread;
  }

  /** Those whose files it read send them again. */
  #lost(thread: Worker, error: Error): void {
    if (this.#thread !== thread) return;
    this.#thread = null;
    for (const { reject } of this.#due.values()) reject(error);
  }

  #done(id: number): void {
    this.#due.delete(id);
    this.#reading.delete(id);
    if (this.#reading.size > 0) return;
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => {
      const thread = this.#thread;
      this.#thread = null;
      void thread?.terminate();
    }, restMs).unref();
  }
}

const gone = () => new Error('the thread that reads what is spooled has ended');
