import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readOwnData } from './own-data.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strata-own-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the demo on own files', () => {
  it('splits a CSV with a header into one CSV a client', async () => {
    const file = join(folder, 'all.csv');
    await writeFile(file, 'category,text\nred,"a, b"\nblue,c\nred,d\n');
    const own = await readOwnData(file, 'text');
    expect(own.labels).toEqual(['blue', 'red']);
    expect(own.samples).toEqual(['red', 'blue', 'red']);
    const { folder: out, shards } = await own.write([[0], [1, 2]]);
    expect(await readFile(shards[0] ?? '', 'utf8')).toBe('text,label\r\n"a, b",red');
    expect(await readFile(shards[1] ?? '', 'utf8')).toBe('text,label\r\nc,blue\r\nd,red');
    await rm(out, { recursive: true });
  });

  it('splits a folder of images by label into one folder a client', async () => {
    for (const [label, name] of [
      ['cat', 'a.png'],
      ['cat', 'b.png'],
      ['dog', 'a.png'],
    ] as const) {
      await mkdir(join(folder, label), { recursive: true });
      await writeFile(join(folder, label, name), name);
    }
    const own = await readOwnData(folder, 'image');
    expect(own.samples).toEqual(['cat', 'cat', 'dog']);
    const { folder: out, shards } = await own.write([[0, 2], [1]]);
    expect((await readdir(shards[0] ?? '')).sort()).toEqual(['cat', 'dog']);
    expect(await readdir(join(shards[1] ?? '', 'cat'))).toEqual(['0-b.png']);
    await rm(out, { recursive: true });
  });

  it('passes over what systems leave in folders, and keeps a split as it is', async () => {
    const paths = [
      'pets/train/cat/a.png',
      'pets/train/dog/b.png',
      'pets/val/dog/c.png',
      'pets/train/cat/.ipynb_checkpoints/a-checkpoint.png',
      'pets/train/@eaDir/x.jpg',
      '.git/objects/pic.png',
    ];
    for (const path of paths) {
      await mkdir(join(folder, path, '..'), { recursive: true });
      await writeFile(join(folder, path), path);
    }
    const own = await readOwnData(join(folder, 'pets'), 'image');
    expect(own.labels).toEqual(['cat', 'dog']);
    expect(own.samples).toEqual(['cat', 'dog', 'dog']);
    const { folder: out, shards } = await own.write([[0, 2]]);
    expect((await readdir(shards[0] ?? '', { recursive: true })).sort()).toEqual([
      'train',
      'train/cat',
      'train/cat/0-a.png',
      'val',
      'val/dog',
      'val/dog/1-c.png',
    ]);
    await rm(out, { recursive: true });
  });

  it.each([
    ['text', 'nowhere.csv', 'does not exist'],
    ['text', '.', 'CSV'],
  ] as const)('says what is wrong with %s data at %s', async (kind, path, reason) => {
    await expect(readOwnData(join(folder, path), kind)).rejects.toThrow(reason);
  });
});
