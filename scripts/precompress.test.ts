import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { precompress } from './precompress.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strata-pages-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('what compresses gets both forms beside it, which say the same; the rest gets none', async () => {
  const code = 'export const answer = 42;\n'.repeat(1000);
  await writeFile(join(folder, 'main.js'), code);
  await writeFile(join(folder, 'small.js'), 'export {};');
  await writeFile(join(folder, 'picture.png'), code);
  const { plain, brotli, gzip } = await precompress(folder);
  expect((await readdir(folder)).sort()).toEqual([
    'main.js',
    'main.js.br',
    'main.js.gz',
    'picture.png',
    'small.js',
  ]);
  expect(brotliDecompressSync(await readFile(join(folder, 'main.js.br'))).toString()).toBe(code);
  expect(gunzipSync(await readFile(join(folder, 'main.js.gz'))).toString()).toBe(code);
  expect(plain).toBe(2 * code.length + 10);
  expect(brotli).toBeLessThan(0.6 * plain);
  expect(gzip).toBeLessThan(0.6 * plain);
});
