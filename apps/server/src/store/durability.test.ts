// @module-tag long
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { random } from '@strata/fl-core/random';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startChild } from './fixtures/child.ts';
import { openStore } from './store.ts';
import { temporaryDataDir } from './testing.ts';

const CYCLES = 3;
let dataDir: string;
beforeAll(async () => {
  dataDir = await temporaryDataDir();
});
afterAll(() => rm(dataDir, { recursive: true }));

test(`no acknowledged commit or blob is lost in ${CYCLES} kill -9 (R8)`, async () => {
  const draw = random(1, 'durability');
  const acknowledged = new Set<number>();
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    const first = cycle * 1_000_000; // each life of the server writes numbers of its own
    const child = startChild(new URL('./fixtures/commit-loop.ts', import.meta.url), [dataDir, String(first)]);
    child.lines.on('line', (line) => acknowledged.add(Number(line)));
    await child.firstLine;
    await sleep(100 + 600 * draw.uniform());
    await child.kill();
  }
  expect(acknowledged.size).toBeGreaterThan(CYCLES);

  const store = await openStore({ dataDir, databaseUrl: null });
  try {
    const { rows } = await store.pool.query<{ n: number; sha256: string }>(
      'SELECT n, sha256 FROM acknowledged',
    );
    const present = new Set(rows.map(({ n }) => n));
    expect([...acknowledged].filter((n) => !present.has(n))).toEqual([]);
    for (const { sha256 } of rows) expect(await store.blobs.has(sha256)).toBe(true);
  } finally {
    await store.close();
  }
}, 180_000);
