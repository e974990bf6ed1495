import { Worker } from 'node:worker_threads';

/** Starts a TypeScript module in a thread of its own; it finds `data` in `workerData`. */
export function startThread(module: URL, data: Record<string, string>): Worker {
  return new Worker(new URL('./typescript-thread.mjs', import.meta.url), {
    workerData: { ...data, module: module.href },
  });
}
