import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identityOf } from '@strata/fl-core/signing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SecretsInFolder } from './secrets-in-folder.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strata-cli-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a client has the same key the next time, each its own, and knows whom it has met; nobody else may read it', async () => {
  const secrets = new SecretsInFolder(folder);
  const [one, two] = [await secrets.identity('run-1 c-1'), await secrets.identity('run-1 c-2')];
  const known = await identityOf(one);
  const other = await identityOf(two);
  expect(other.public.key).not.toBe(known.public.key);
  await secrets.keepPins('run-1 c-1', new Map([['c-2', other.public]]));

  const later = new SecretsInFolder(folder);
  const again = await identityOf(await later.identity('run-1 c-1'));
  expect(again.public).toEqual(known.public);
  expect(await again.sign(Uint8Array.of(1))).toBe(await known.sign(Uint8Array.of(1))); // Ed25519: no chance in it
  expect(await later.pins('run-1 c-1')).toEqual(new Map([['c-2', other.public]]));
  expect(await later.pins('run-1 c-2')).toEqual(new Map());
  const files = await readdir(join(folder, 'sealed-keys'));
  expect(files.sort()).toEqual(['run-1_c-1.json', 'run-1_c-2.json']);
  for (const file of files) expect((await stat(join(folder, 'sealed-keys', file))).mode & 0o077).toBe(0);
});

test('a damaged key is said, not replaced: the others of the run know the participant by it', async () => {
  const secrets = new SecretsInFolder(folder);
  await secrets.identity('run-1 c-1');
  await writeFile(join(folder, 'sealed-keys', 'run-1_c-1.json'), '{}');
  await expect(new SecretsInFolder(folder).identity('run-1 c-1')).rejects.toThrow('identity');
  await secrets.clear();
  expect(await identityOf(await new SecretsInFolder(folder).identity('run-1 c-1'))).toBeDefined();
});
