import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { lock } from 'proper-lockfile';
import { z } from 'zod';
import { ageDeadLock, forgetHolder, noteHolder } from './holder.ts';

/** The thread that keeps a data folder locked, so that a busy main thread never lets the lock go stale. */

export type LockReply =
  | { kind: 'locked' }
  | { kind: 'held' }
  | { kind: 'failed'; message: string }
  | { kind: 'released' }
  | { kind: 'lost'; message: string };
export type LockRequest = 'release';

/** The holder touches the lock this often... */
const UPDATE_MS = 1000;
/** ...and after this long without a touch it is free, where it cannot be seen that its process is gone. */
const STALE_MS = 5000;
const LOOK_AGAIN_MS = 200;

const Data = z.object({ folder: z.string() });

async function start(): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error('thread.ts runs in a worker thread');
  const reply = (message: LockReply) => port.postMessage(message);
  const { folder } = Data.parse(workerData);
  let lost = false;
  const result = await acquire(folder, (error) => {
    lost = true;
    reply({ kind: 'lost', message: error.message });
  });
  reply(result.reply);
  port.on('message', async (_request: LockRequest) => {
    if (!lost) {
      await forgetHolder(folder);
      await result.release?.();
    }
    reply({ kind: 'released' });
    port.close();
  });
}

type Acquired = { reply: LockReply; release?: () => Promise<void> };

/** Takes the lock, outwaiting a dead holder; a living one is told by its touching the lock meanwhile. */
async function acquire(folder: string, onLost: (error: Error) => void): Promise<Acquired> {
  const lockfilePath = join(folder, 'lock');
  let firstTouch: number | undefined;
  for (;;) {
    await ageDeadLock(folder, lockfilePath);
    try {
      const release = await lock(folder, {
        lockfilePath,
        stale: STALE_MS,
        update: UPDATE_MS,
        onCompromised: onLost,
      });
      await noteHolder(folder, lockfilePath);
      return { reply: { kind: 'locked' }, release };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (!('code' in error) || error.code !== 'ELOCKED') {
        return { reply: { kind: 'failed', message: error.message } };
      }
    }
    const touch = await stat(lockfilePath).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined, // released just now
    );
    if (firstTouch !== undefined && touch !== undefined && touch !== firstTouch) {
      return { reply: { kind: 'held' } };
    }
    firstTouch ??= touch;
    await sleep(LOOK_AGAIN_MS);
  }
}

await start();
