import { setTimeout as sleep } from 'node:timers/promises';
import { troubleOf } from '../failure.ts';

/** Pauses between tries, in milliseconds: the first, and what it doubles up to. */
const pauses = { first: 200, most: 3_000 };

/**
 * Does idempotent `work` until the database and the disk let it: a failure that comes of them is waited out, however
 * long it takes; every other one is thrown. Once `closed` is aborted, the last failure is thrown as well.
 */
export async function outlast<T>(work: () => Promise<T>, closed: AbortSignal): Promise<T> {
  for (let pause = pauses.first; ; pause = Math.min(2 * pause, pauses.most)) {
    try {
      return await work();
    } catch (error) {
      if (closed.aborted || troubleOf(error) === null) throw error;
      await sleep(pause, undefined, { signal: closed }).catch(() => {});
    }
  }
}
