import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Done, Job, Setting } from './messages.ts';
import { allowRelaxedSimd } from './relaxed-simd.ts';

/** What a job needs beside what all jobs of the setting share. */
export type PoolJob = Exclude<Job, { kind: 'setting' }>;

/** Worker threads that do one job each at a time, in the order in which jobs are given. */
export class DevicePool {
  readonly #idle: Worker[] = [];
  readonly #all: Worker[];
  readonly #waiting: ((worker: Worker) => void)[] = [];

  constructor(size: number) {
    allowRelaxedSimd();
    this.#all = Array.from({ length: size }, () => new Worker(new URL('./thread.mjs', import.meta.url)));
    this.#idle.push(...this.#all);
  }

  get size(): number {
    return this.#all.length;
  }

  /** Prepares all threads, which must be idle. */
  async set(setting: Setting): Promise<void> {
    await Promise.all(this.#all.map((worker) => this.#ask(worker, { kind: 'setting', setting })));
  }

  /**
   * Does a job; null when `wanted` said no before a thread was free for it. Throws when it fails for a reason that no
   * client would have.
   */
  async do(job: PoolJob, wanted: () => boolean = () => true): Promise<Done | null> {
    const worker = await this.#take();
    try {
      return wanted() ? await this.#ask(worker, job) : null;
    } finally {
      const next = this.#waiting.shift();
      if (next) next(worker);
      else this.#idle.push(worker);
    }
  }

  async #take(): Promise<Worker> {
    return this.#idle.pop() ?? new Promise((resolve) => this.#waiting.push(resolve));
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((worker) => worker.terminate()));
  }

  async #ask(worker: Worker, job: Job): Promise<Done> {
    const over = new AbortController();
    const { signal } = over;
    try {
      const answer = Promise.race([
        once(worker, 'message', { signal }).then(([done]) => done as Done),
        once(worker, 'exit', { signal }).then(([code]) => {
          throw new Error(`A thread of the simulation ended with ${code}.`);
        }),
      ]);
      worker.postMessage(job);
      const done = await answer;
      if (done.kind === 'failed' && done.code === 'internal')
        throw new Error(`A device failed: ${done.message}`);
      return done;
    } finally {
      over.abort();
    }
  }
}
