// @module-tag long
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { largestPack, type Part, writePack } from './write-pack.ts';

/** Chromium's software adapter, which runs what the product does. */
const swiftShader = '/usr/lib/chromium/vk_swiftshader_icd.json';
const has = (program: string) => spawnSync(program, ['--version']).error === undefined;

function missing(): string {
  if (process.platform !== 'linux') return 'packs are for Linux';
  if (!existsSync(swiftShader)) return `no ${swiftShader}`;
  return ['strip', 'xz'].find((program) => !has(program)) ?? '';
}

const lacking = missing();
const title = (text: string) => (lacking === '' ? text : `${text} (skipped: ${lacking})`);
let folder = '';
let parts: Part[] = [];

beforeAll(async () => {
  if (lacking !== '') return;
  folder = await mkdtemp(join(tmpdir(), 'strata-pack-test-'));
  parts = await writePack(join(folder, 'pack'), { level: 1, log: () => {} });
}, 180_000);

afterAll(async () => {
  if (folder !== '') await rm(folder, { recursive: true });
});

/** Runs the pack with an empty environment but for `variables`, in a folder with nothing in it. */
async function run(variables: readonly string[], ...options: string[]) {
  const work = await mkdtemp(join(folder, 'work-'));
  const temporary = await mkdtemp(join(folder, 'tmp-'));
  const script = join(folder, 'pack', 'run.sh');
  const environment = ['-i', `TMPDIR=${temporary}`, ...variables];
  const { status, stdout, stderr } = spawnSync('env', [...environment, script, ...options], {
    cwd: work,
    encoding: 'utf8',
  });
  return { status, stdout, stderr, left: [...(await readdir(work)), ...(await readdir(temporary))] };
}

it.skipIf(lacking !== '')(title('fits where it has to go, with the licences of what is in it'), async () => {
  expect(parts.find(({ part }) => part === 'all')?.bytes).toBeLessThan(largestPack);
  const licences = await readdir(join(folder, 'pack', 'licences'));
  for (const of of ['node', 'dawn', 'strata', 'libvulkan1', 'libstdc++6', '@tensorflow+tfjs-core', 'zod']) {
    expect(licences).toContain(`${of}.txt`);
  }
});

it.skipIf(lacking !== '')(
  title('runs every engine where nothing is installed'),
  { timeout: 120_000 },
  async () => {
    const { status, stdout, stderr, left } = await run([], '--small', '--brief');
    expect(status, stderr).toBe(0);
    const { good, rows } = JSON.parse(stdout);
    expect(good).toBe(true);
    expect(rows).toContainEqual(expect.objectContaining({ part: 'adapter', architecture: 'swiftshader' }));
    const steps = rows.filter((row: { part: string }) => row.part === 'step');
    expect(new Set(steps.map((row: { by: string }) => row.by))).toEqual(
      new Set(['strata', 'tfjs', 'jax-js']),
    );
    const { comparisons } = rows.at(-1);
    expect(comparisons).toContainEqual(expect.objectContaining({ with: 'strata on wasm' }));
    for (const { worst } of comparisons) expect(worst).toBeLessThan(1e-4);
    expect(left).toEqual([]);
  },
);

it.skipIf(lacking !== '')(title('fails where the named driver is none'), async () => {
  const { status, stdout, left } = await run(['VK_DRIVER_FILES=/nowhere.json'], '--brief');
  expect(status).toBe(1);
  const { good, rows } = JSON.parse(stdout);
  expect(good).toBe(false);
  expect(rows.at(-1).problems).toContain('There was no adapter.');
  expect(left).toEqual([]);
});

it.skipIf(lacking !== '')(title('leaves a folder alone that is no pack'), async () => {
  const written = writePack(folder, { log: () => {} });
  await expect(written).rejects.toMatchObject({ code: 'bad-request' });
});
