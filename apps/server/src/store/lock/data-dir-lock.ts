import { StrataError } from '@strata/fl-core/protocol';
import { startThread } from '../../threads/start-thread.ts';
import type { LockReply, LockRequest } from './thread.ts';

/** Exclusive use of a data folder by this process. */
export interface DataDirLock {
  /** Resolves if the lock is taken away (the folder was deleted, the process was suspended): stop at once. */
  readonly lost: Promise<Error>;
  release(): Promise<void>;
}

/**
 * Locks an existing, writable folder. The lock of a process of this machine that is gone is taken over at
 * once, any other that is no longer touched within 6 seconds.
 * Throws `unavailable` when a living process holds it or the folder cannot be written.
 */
export async function lockDataDir(folder: string): Promise<DataDirLock> {
  const thread = startThread(new URL('./thread.ts', import.meta.url), { folder });
  const failure = new Promise<never>((_resolve, reject) => thread.once('error', reject));
  const next = () =>
    Promise.race([
      new Promise<LockReply>((resolve) => {
        thread.once('message', resolve);
      }),
      failure,
    ]);

  const first = await next();
  if (first.kind !== 'locked') {
    await thread.terminate();
    throw refusal(folder, first);
  }
  const lost = new Promise<Error>((resolve) => {
    thread.on('message', (reply: LockReply) => {
      if (reply.kind === 'lost') resolve(new Error(`The lock of ${folder} was lost: ${reply.message}.`));
    });
    thread.once('error', resolve);
  });
  return {
    lost,
    async release() {
      const released = next();
      thread.postMessage('release' satisfies LockRequest);
      await released;
      await thread.terminate();
    },
  };
}

function refusal(folder: string, reply: LockReply): StrataError {
  return reply.kind === 'held'
    ? new StrataError(
        'unavailable',
        `The data folder ${folder} is in use by another Strata server.`,
        'Stop that server, or start this one with another DATA_DIR.',
      )
    : new StrataError(
        'unavailable',
        `The data folder ${folder} cannot be locked: ${reply.kind === 'failed' ? reply.message : reply.kind}.`,
        'DATA_DIR must name a folder that this user can write.',
      );
}
