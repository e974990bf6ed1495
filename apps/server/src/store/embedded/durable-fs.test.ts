import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { expect, test, vi } from 'vitest';
import { temporaryFolder } from '../testing.ts';
import { DurableNodeFS, durableStartParams } from './durable-fs.ts';

const synced = vi.hoisted(() => ({ count: 0 }));
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const fsyncSync = (descriptor: number) => {
    fs.fsyncSync(descriptor);
    synced.count += 1;
  };
  return { ...fs, fsyncSync };
});

// `kill -9` cannot tell (the system keeps what was written); only the calls themselves show it.
test('every commit reaches the disk before it is acknowledged; reading needs no disk', async () => {
  const folder = await temporaryFolder();
  const database = await PGlite.create({
    fs: new DurableNodeFS(join(folder, 'postgres')),
    startParams: durableStartParams,
  });
  await database.exec('CREATE TABLE t (n int)');
  const COMMITS = 20;
  const before = synced.count;
  for (let n = 0; n < COMMITS; n++) await database.query('INSERT INTO t VALUES ($1)', [n]);
  const perCommit = (synced.count - before) / COMMITS;
  expect(perCommit).toBeGreaterThanOrEqual(1);
  expect(perCommit).toBeLessThan(2); // one, and a checkpoint's now and then

  const after = synced.count;
  for (let n = 0; n < COMMITS; n++) await database.query('SELECT * FROM t');
  expect(synced.count).toBe(after);

  await database.close();
  await rm(folder, { recursive: true });
}, 120_000);
