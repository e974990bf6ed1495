import { MessageChannel, Worker } from 'node:worker_threads';
import { bundled } from './bundle.ts';

/**
 * Starts a TypeScript module in a thread of its own; it finds a copy of `data` in `workerData`. What is posted before
 * the module listens waits for it.
 */
export function startThread(module: URL, data: Readonly<Record<string, unknown>>): Worker {
  const { port1, port2 } = new MessageChannel();
  const thread = new Worker(new URL('./typescript-thread.mjs', import.meta.url), {
    workerData: { ...data, code: port2 },
    transferList: [port2],
  });
  bundled(module).then(
    (address) => port1.postMessage({ address }),
    (error: unknown) => port1.postMessage({ error }),
  );
  return thread;
}
