import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Child, startChild } from '../fixtures/child.ts';
import { temporaryFolder } from '../testing.ts';
import { lockDataDir } from './data-dir-lock.ts';

let folder: string;
let holder: Child;
beforeAll(async () => {
  folder = await temporaryFolder();
  holder = startChild(new URL('../fixtures/hold-lock.ts', import.meta.url), [folder]);
  await holder.firstLine;
}, 120_000);
afterAll(async () => {
  await holder?.kill();
  await rm(folder, { recursive: true });
});

test('a folder that another process uses is refused, even when that process is busy for long', async () => {
  await expect(lockDataDir(folder)).rejects.toMatchObject({
    code: 'unavailable',
    message: `The data folder ${folder} is in use by another Strata server.`,
  });
  await sleep(6000); // longer than a lock lives without its holder
  await expect(lockDataDir(folder)).rejects.toMatchObject({ code: 'unavailable' });
});

test('the lock of a killed process is free within 6 seconds; a released one at once', async () => {
  await holder.kill();
  const killed = performance.now();
  const lock = await lockDataDir(folder);
  // Beyond the 5 s that a lock lives: looking again, starting a thread on a busy machine.
  expect(performance.now() - killed).toBeLessThan(9000);
  await lock.release();
  const again = await lockDataDir(folder);
  await again.release();
});

test('losing the lock is reported', async () => {
  const lock = await lockDataDir(folder);
  await rm(join(folder, 'lock'), { recursive: true });
  expect((await lock.lost).message).toContain(folder);
  await lock.release();
});

test('a folder that is not there is refused with the reason', async () => {
  await expect(lockDataDir(join(folder, 'absent'))).rejects.toThrow(/cannot be locked: ENOENT/);
});
