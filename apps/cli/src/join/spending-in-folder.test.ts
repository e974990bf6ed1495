import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SpendingInFolder } from './spending-in-folder.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strata-cli-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const step = { client: 'c-1', data: 'aa', sampling: 0.1, noise: 1, steps: 20 };

test('what was spent is known the next time, also of clients that add at once; nobody else may read it', async () => {
  const first = new SpendingInFolder(folder);
  expect(await first.of('run-1')).toEqual([]);
  const added = await Promise.all(
    [1, 2, 3, 4].map((i) => first.add('run-1', { ...step, client: `c-${i % 2}` })),
  );
  expect(added).toEqual([true, true, true, true]);
  const kept = await new SpendingInFolder(folder).of('run-1');
  expect(kept.map(({ client, steps }) => `${client} ${steps}`).sort()).toEqual(['c-0 40', 'c-1 40']);
  const files = await readdir(join(folder, 'spent-privacy'));
  expect(files).toEqual(['run-1.json']);
  expect((await stat(join(folder, 'spent-privacy', 'run-1.json'))).mode & 0o077).toBe(0);
});

test('a file that cannot be read is no empty one', async () => {
  const spending = new SpendingInFolder(folder);
  await spending.add('run-1', step);
  await writeFile(join(folder, 'spent-privacy', 'run-1.json'), '[{"steps": 20}]');
  await expect(new SpendingInFolder(folder).of('run-1')).rejects.toThrow();
  await expect(new SpendingInFolder(folder).add('run-1', step)).rejects.toThrow();
});
