import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { z } from 'zod';
import { DurableNodeFS, durableStartParams } from './durable-fs.ts';

/** The thread that PostgreSQL runs in, over a folder with a database: protocol bytes in, protocol bytes out. */

export const ThreadData = z.object({ folder: z.string() });
export type ThreadRequest = { kind: 'run'; bytes: Uint8Array } | { kind: 'close' };
export type ThreadReply = { kind: 'ready' } | { kind: 'output'; bytes: Uint8Array } | { kind: 'closed' };

async function start(): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error('thread.ts runs in a worker thread');
  const { folder } = ThreadData.parse(workerData);
  const database = await PGlite.create({ fs: new DurableNodeFS(folder), startParams: durableStartParams });
  const reply = (message: ThreadReply, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

  // One request at a time: the session waits for each answer.
  port.on('message', async (request: ThreadRequest) => {
    switch (request.kind) {
      case 'run': {
        const parts: Buffer[] = [];
        await database.execProtocolRawStream(request.bytes, {
          syncToFs: false, // the files are the file system
          onRawData: (bytes) => parts.push(Buffer.from(bytes)), // a copy: `bytes` is a view into wasm memory
        });
        const output = new Uint8Array(Buffer.concat(parts));
        reply({ kind: 'output', bytes: output }, [output.buffer]);
        return;
      }
      case 'close':
        await database.close();
        reply({ kind: 'closed' });
        port.close();
        return;
      default:
        request satisfies never;
    }
  });
  reply({ kind: 'ready' });
}

await start();
