import type { Worker } from 'node:worker_threads';
import { nextMessage } from './next-message.ts';
import { startThread } from './start-thread.ts';

/**
 * Threads of one TypeScript module that answers each message by one. They are started as they are needed, each has one
 * job at a time, and they end when there was none for a while.
 */
export class ThreadPool<Job, Reply> {
  readonly #module: URL;
  readonly #size: number;
  readonly #restMs: number;
  #running = 0;
  readonly #idle: Worker[] = [];
  readonly #waiting: ((thread: Worker) => void)[] = [];
  #rest: NodeJS.Timeout | undefined;

  /** At most `size` threads; they end after `restMs` without a job. */
  constructor(module: URL, { size, restMs }: { readonly size: number; readonly restMs: number }) {
    this.#module = module;
    this.#size = size;
    this.#restMs = restMs;
  }

  /**
   * Answers a job in the order of arrival.
   * @param transfer buffers of the job that nobody here needs any more.
   */
  async run(job: Job, transfer: readonly ArrayBuffer[] = []): Promise<Reply> {
    clearTimeout(this.#rest);
    const thread = await this.#take();
    thread.ref();
    try {
      const answer = nextMessage<Reply>(thread);
      thread.postMessage(job, transfer);
      const reply = await answer;
      this.#give(thread);
      return reply;
    } catch (error) {
      await this.#replace(thread);
      throw error;
    }
  }

  /** Ends the threads that have no job. */
  async close(): Promise<void> {
    clearTimeout(this.#rest);
    const threads = this.#idle.splice(0);
    this.#running -= threads.length;
    await Promise.all(threads.map((thread) => thread.terminate()));
  }

  #take(): Worker | Promise<Worker> {
    const thread = this.#idle.pop();
    if (thread) return thread;
    if (this.#running < this.#size) return this.#start();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #start(): Worker {
    this.#running++;
    const thread = startThread(this.#module, {});
    // Told where its answer is awaited; without a listener it would end the process.
    thread.on('error', () => {});
    return thread;
  }

  #give(thread: Worker): void {
    const next = this.#waiting.shift();
    if (next) {
      next(thread);
      return;
    }
    thread.unref();
    this.#idle.push(thread);
    if (this.#idle.length < this.#running) return;
    this.#rest = setTimeout(() => void this.close(), this.#restMs).unref();
  }

  /** It has failed: whoever waits gets another one. */
  async #replace(thread: Worker): Promise<void> {
    this.#running--;
    await thread.terminate();
    const next = this.#waiting.shift();
    if (next) next(this.#start());
  }
}
