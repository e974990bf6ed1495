import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dataFiles } from './data-files.ts';
import { identities } from './identities.ts';
import { invitationIn } from './invitation.ts';
import { PartsOfModels } from './kept-in-folder.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strata-cli-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a join link', () => {
  test.each([
    ['https://strata.example/join/run-1#key', { server: 'https://strata.example', run: 'run-1', key: 'key' }],
    ['http://localhost:8080/join/run-1', { server: 'http://localhost:8080', run: 'run-1', key: null }],
    [
      'http://localhost:8080/join/run-1/?name=Ada#k',
      { server: 'http://localhost:8080', run: 'run-1', key: 'k' },
    ],
  ])('%s', (link, expected) => {
    expect(invitationIn(link)).toEqual(expected);
  });

  test.each(['', 'run-1', 'https://strata.example/', 'https://strata.example/operator/runs/run-1'])(
    '"%s" is none, and is told so',
    (link) => {
      expect(() => invitationIn(link)).toThrow(expect.objectContaining({ code: 'bad-request' }));
    },
  );
});

describe('data', () => {
  test('a folder is all its files with their paths, as a browser has them, read when they are needed', async () => {
    await mkdir(join(folder, 'pets', 'cat'), { recursive: true });
    await writeFile(join(folder, 'pets', 'cat', 'b.png'), 'bb');
    await writeFile(join(folder, 'pets', 'cat', 'a.png'), 'a');
    await writeFile(join(folder, 'pets', 'labels.csv'), 'x');
    const files = await dataFiles(join(folder, 'pets'));
    expect(files.map(({ path }) => path)).toEqual(['pets/cat/a.png', 'pets/cat/b.png', 'pets/labels.csv']);
    expect(files[1]!.file.size).toBe(2);
    expect(new TextDecoder().decode(await files[1]!.file.arrayBuffer())).toBe('bb');
  });

  test('a file is itself', async () => {
    await writeFile(join(folder, 'table.csv'), 'text,label');
    const files = await dataFiles(join(folder, 'table.csv'));
    expect(files.map(({ path, file }) => [path, file.size])).toEqual([['table.csv', 10]]);
  });

  test('what is not there, or empty, is told', async () => {
    await expect(dataFiles(join(folder, 'nothing'))).rejects.toMatchObject({ code: 'bad-request' });
    await expect(dataFiles(folder)).rejects.toMatchObject({ code: 'bad-request' });
  });
});

describe('what stays for the next start', () => {
  test('clients are the same ones again, by run and place; others in another folder', async () => {
    const first = await identities(folder, 'run-1', 2);
    expect(await identities(folder, 'run-1', 3)).toEqual([...first, expect.anything()]);
    expect(await identities(folder, 'run-2', 1)).not.toEqual([first[0]]);
    expect(await identities(null, 'run-1', 1)).not.toEqual([first[0]]);
    const { mode } = await stat(join(folder, 'run-1-1.json'));
    expect(mode & 0o077).toBe(0); // a secret is in it
  });

  test('a damaged file makes a new client, not an end', async () => {
    await writeFile(join(folder, 'run-1-1.json'), '{"client":');
    const [identity] = await identities(folder, 'run-1', 1);
    expect(await identities(folder, 'run-1', 1)).toEqual([identity]);
  });

  const bytes = new Uint8Array([1, 2, 3]);
  const hash = createHash('sha256').update(bytes).digest('hex');

  test('parts of models are found again, damaged ones are not', async () => {
    expect(await new PartsOfModels(folder).put(hash, bytes)).toBe('kept');
    const next = new PartsOfModels(folder);
    expect(await next.get(hash)).toEqual(bytes);
    expect(await next.size()).toBe(3);
    await writeFile(join(folder, 'model-parts', hash), 'xxx');
    expect(await new PartsOfModels(folder).get(hash)).toBeNull();
    await next.clear();
    expect(await next.get(hash)).toBeNull();
    expect(await readdir(folder)).toEqual([]);
  });

  test('without a folder they are there for this process alone', async () => {
    const parts = new PartsOfModels(null);
    expect(await parts.put(hash, bytes)).toBe('unavailable');
    expect(await parts.get(hash)).toEqual(bytes);
    expect(await parts.size()).toBe(0);
  });

  test('a folder that nobody may write keeps nothing, and nothing is thrown', async () => {
    await writeFile(join(folder, 'model-parts'), 'a file where the folder should be');
    await chmod(folder, 0o500);
    expect(await new PartsOfModels(folder).put(hash, bytes)).toBe('unavailable');
    await chmod(folder, 0o700);
  });
});
