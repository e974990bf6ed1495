// @module-tag long
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Child, startChild } from '../fixtures/child.ts';
import { temporaryFolder } from '../testing.ts';
import { lockDataDir } from './data-dir-lock.ts';
import { ageDeadLock } from './holder.ts';

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

/** Its age decides in more than a minute: who gets the lock before was not waiting for that. */
const touchLater = async (): Promise<void> => {
  const later = Date.now() / 1000 + 60;
  await utimes(join(folder, 'lock'), later, later);
};

test('the lock of a killed process is taken over at once', async () => {
  await holder.kill();
  await touchLater();
  const lock = await lockDataDir(folder);
  await lock.release();
  const again = await lockDataDir(folder);
  await again.release();
}, 20_000);

const onLinux = existsSync('/proc/self/stat');
describe.skipIf(!onLinux)(`a lock that was left${onLinux ? '' : ' (skipped: only Linux tells)'}`, () => {
  /** As by a process that a test tells of. */
  async function leftBy(change: Record<string, unknown>): Promise<void> {
    const lock = await lockDataDir(folder);
    const file = join(folder, 'lock-holder');
    const left = JSON.parse(await readFile(file, 'utf8'));
    await lock.release();
    await mkdir(join(folder, 'lock'));
    const { ino, birthtimeNs } = await stat(join(folder, 'lock'), { bigint: true });
    await writeFile(file, JSON.stringify({ ...left, lock: `${ino}-${birthtimeNs}`, ...change }));
    await touchLater();
  }
  const gone = 2 ** 22 + 1; // above the largest number that Linux gives

  test.each([
    ['by a process that is gone', { pid: gone }],
    ['by a process whose number another one has now', { began: '1' }],
  ])(
    '%s is taken over at once',
    async (_, change) => {
      await leftBy(change);
      await (await lockDataDir(folder)).release();
    },
    20_000,
  );

  test.each([
    ['of another machine, or before it was started again', { boot: 'another', pid: gone }],
    ['of another container', { namespace: 'pid:[1]', pid: gone }],
    ['that had an earlier lock', { lock: '1-1', pid: gone }],
    ['that lives', {}],
  ])(
    'by a process %s is left to its age',
    async (_, change) => {
      await leftBy(change);
      const before = await stat(join(folder, 'lock'));
      await ageDeadLock(folder, join(folder, 'lock'));
      expect((await stat(join(folder, 'lock'))).mtimeMs).toBe(before.mtimeMs);
      await utimes(join(folder, 'lock'), 0, 0); // it is old now
      await (await lockDataDir(folder)).release();
    },
    20_000,
  );
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
