// First module of a thread: waits for the code of the module that the thread is for, and runs it.
import { once } from 'node:events';
import { workerData } from 'node:worker_threads';

const [{ address, error }] = await once(workerData.code, 'message');
if (error) throw error;
await import(address);
