import { parentPort, threadId } from 'node:worker_threads';

/** The thread of pool.test.ts: squares, and fails at negative numbers. */
parentPort?.on('message', (job: number) => {
  if (job < 0) throw new Error('negative');
  parentPort?.postMessage({ thread: threadId, answer: job * job });
});
