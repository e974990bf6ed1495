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

  it('reads a table as a page does: any usual names, no row twice, no empty label, ids passed over; and tells', async () => {
    const file = join(folder, 'tweets.csv');
    const rows = [
      'tweet_id,airline_sentiment,name,text',
      '5.7E+17,good,cairdin,a dog ran home',
      '5.7E+17,bad,jnardino,an oak stood still',
      '5.7E+17,good,cairdin,a dog ran home',
      '5.7E+17,,yvonna,nobody says what of this',
      '5.7E+17,bad,jnardino,a cow lay down',
    ];
    await writeFile(file, rows.join('\n'));
    const own = await readOwnData(file, 'text');
    expect(own.labels).toEqual(['bad', 'good']);
    expect(own.samples).toEqual(['good', 'bad', 'bad']);
    expect(own.said).toEqual([
      'texts from column "text", labels from column "airline_sentiment"; --text and --label say others',
      '  "a dog ran home" is "good"',
      '  "an oak stood still" is "bad"',
      '3 texts; 2 labels: bad (2), good (1)',
      '  left out: line 5 has no label',
      expect.stringMatching(/left out: line 4 is the same text as/),
    ]);
    const { folder: out, shards } = await own.write([[0, 1, 2]]);
    // What a page then reads has the names that it knows.
    expect(await readFile(shards[0] ?? '', 'utf8')).toMatch(/^text,label\r\na dog ran home,good\r\n/);
    await rm(out, { recursive: true });
  });

  it('takes the columns that are said, by name or number', async () => {
    const file = join(folder, 'two.csv');
    await writeFile(file, 'first,then,kind,mood\na b,c d,x,up\ne f,g h,y,up\ni j,k l,x,down\n');
    const by = (text: string[], label: string) => readOwnData(file, 'text', { text, label });
    expect((await by(['then'], 'kind')).said.slice(0, 2)).toEqual([
      'texts from column "then", labels from column "kind"; --text and --label say others',
      '  "c d" is "x"',
    ]);
    expect((await by(['1', '2'], '4')).said[1]).toBe('  "a b / c d" is "up"');
    await expect(by(['words'], 'kind')).rejects.toThrow(
      'has no column "words". Say which columns are meant by --text and --label: it has column "first", column "then"',
    );
    await expect(readOwnData(file, 'text')).rejects.toThrow(/Say which columns are meant/);
  });

  it.each([
    ['an empty file', '', 'is empty'],
    ['Latin-1', Uint8Array.of(0x63, 0xe9, 0x2c, 0x61), 'is not UTF-8 text: save it as UTF-8'],
    ['a single label', 'text,label\na b,x\nc d,x\n', 'has fewer than two labels (x)'],
    [
      'a label that is a story',
      `text,label\na b,x\nc d,${'long '.repeat(30)}\n`,
      'has more than 80 characters',
    ],
    ['only ids', 'id,label\n1,x\n2,y\n3,x\n4,y\n', 'has no column of texts'],
  ])('refuses %s before anything is started', async (_, content, reason) => {
    const file = join(folder, 'a.csv');
    await writeFile(file, content);
    await expect(readOwnData(file, 'text')).rejects.toThrow(reason);
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
    ['text', '.', 'a table of texts'],
  ] as const)('says what is wrong with %s data at %s', async (kind, path, reason) => {
    await expect(readOwnData(join(folder, path), kind)).rejects.toThrow(reason);
  });
});
