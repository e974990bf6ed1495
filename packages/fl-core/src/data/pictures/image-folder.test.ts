import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { SourceFile } from '../source-file.ts';
import { openPng, png, reducePng, source } from '../testing.ts';
import { type ImageFolderOptions, readImageFolder } from './image-folder.ts';
import { reducePicture } from './reduce.ts';
import { imageType } from './signature.ts';

const red = png(6, 4, [255, 0, 0]);
const blue = png(3, 3, [0, 0, 255]);
const text = new TextEncoder().encode('not a picture');
/** Each a picture of its own: a second copy of one would be left out. */
const shades = Array.from({ length: 8 }, (_, i) => png(2, 2, [i, 0, 0]));

const read = (files: readonly SourceFile[], options: Partial<ImageFolderOptions> = {}) =>
  readImageFolder(files, {
    labels: ['cat', 'dog', 'barn owl'],
    side: 2,
    reduce: reducePng,
    digest: async (bytes) => createHash('sha256').update(bytes).digest('hex'),
    ...options,
  });

describe('pictures that are read', () => {
  test('the label is the folder, whatever its case, with _ for blanks, at any depth', async () => {
    const { dataset, problems } = await read([
      source('pets/cat/1.png', red),
      source('pets/Dog/2.png', blue),
      source('DOG/3.png', shades[0]!),
      source('pets/barn_owl/4.png', shades[1]!),
      source('pets/cat/from phone/5.png', shades[2]!),
      source('cat/dog/6.png', shades[3]!),
    ]);
    expect(problems).toEqual([]);
    expect([...dataset.labels]).toEqual([0, 1, 1, 2, 0, 1]);
    expect(dataset.side).toBe(2);
    expect([...dataset.pixels.subarray(0, 15)]).toEqual([
      ...new Array(4).fill([255, 0, 0]).flat(),
      0,
      0,
      255,
    ]);
  });

  test('the contents count, not the ending of the name', async () => {
    expect((await read([source('cat/photo.jpg', red)])).dataset.labels).toHaveLength(1);
  });

  test('what systems leave in folders is no problem', async () => {
    const clutter = ['cat/.DS_Store', 'cat/Thumbs.db', '__MACOSX/cat/._1.png', 'desktop.ini'];
    const { dataset, problemCount } = await read([
      ...clutter.map((path) => source(path, text)),
      source('cat/1.png', red),
    ]);
    expect(problemCount).toBe(0);
    expect(dataset.labels).toHaveLength(1);
  });

  test('progress is told after every file', async () => {
    const told: string[] = [];
    const files = [source('cat/1.png', red), source('cat/2.png', text), source('x/3.png', red)];
    await read(files, { onProgress: (done, all) => told.push(`${done}/${all}`) });
    expect(told).toEqual(['1/3', '2/3', '3/3']);
  });

  test('no files give an empty dataset', async () => {
    const { dataset, problems } = await read([]);
    expect([dataset.labels.length, dataset.pixels.length, problems.length]).toEqual([0, 0, 0]);
  });
});

describe('pictures that are left out, named with the reason, while the rest goes on', () => {
  test.each<[string, SourceFile, string, RegExp]>([
    ['no picture', source('cat/notes.txt', text), 'unsupported', /is not a picture/],
    [
      'an SVG',
      source('cat/a.svg', new TextEncoder().encode('<svg/>')),
      'unsupported',
      /is a SVG picture.*JPEG/,
    ],
    ['an empty file', source('cat/1.png', new Uint8Array()), 'empty', /is empty/],
    ['a cut-off file', source('cat/1.png', red.subarray(0, 40)), 'broken', /cannot be decoded/],
    ['a signature without a picture', source('cat/1.png', red.subarray(0, 8)), 'broken', /cannot be decoded/],
    [
      'a file that cannot be read any more',
      { path: 'cat/1.png', size: 9, read: () => Promise.reject(new Error('NotReadableError')) },
      'broken',
      /NotReadableError/,
    ],
    ['too many bytes', source('cat/1.png', png(300, 300, [1, 2, 3])), 'too-large', /larger than/],
    ['too many pixels', source('cat/1.png', png(40, 40, [1, 2, 3])), 'too-large', /40x40 pixels/],
  ])('%s', async (_, file, kind, reason) => {
    const files = [source('dog/before.png', blue), file, source('dog/after.png', shades[0]!)];
    const { dataset, problems } = await read(files, { limits: { bytes: 300, pixels: 1000 } });
    expect(problems).toEqual([{ file: file.path, kind, reason: expect.stringMatching(reason) }]);
    expect([...dataset.labels]).toEqual([1, 1]);
  });

  test('files beyond the limit', async () => {
    const files = ['cat/1.png', 'cat/2.png', 'cat/3.png'].map((path, i) => source(path, shades[i]!));
    const { dataset, problems } = await read(files, { limits: { files: 2 } });
    expect(dataset.labels).toHaveLength(2);
    expect(problems).toMatchObject([{ file: 'cat/3.png', kind: 'too-many' }]);
  });

  test('a second copy, whatever its name; under another label the reason says so', async () => {
    const { dataset, problems } = await read([
      source('cat/1.png', red),
      source('cat/copy of 1.png', red),
      source('dog/1.png', red),
      source('dog/2.png', blue),
    ]);
    expect([...dataset.labels]).toEqual([0, 1]);
    expect(problems).toEqual([
      { file: 'cat/copy of 1.png', kind: 'duplicate', reason: 'is the same picture as "cat/1.png"' },
      {
        file: 'dog/1.png',
        kind: 'duplicate',
        reason: 'is the same picture as "cat/1.png", which has the label "cat"',
      },
    ]);
  });

  test('a small file that announces a huge picture is not given to the decoder', async () => {
    let decoded = 0;
    const { problems } = await read([source('cat/bomb.png', hugePng(60_000, 50_000))], {
      reduce: (bytes, side, mostPixels) =>
        reducePicture(bytes, {
          side,
          mostPixels,
          open: async (file) => {
            decoded += 1;
            return openPng(file);
          },
        }),
    });
    expect(decoded).toBe(0);
    expect(problems).toEqual([
      {
        file: 'cat/bomb.png',
        kind: 'too-large',
        reason: 'is 60000x50000 pixels large; at most 100 million pixels are read',
      },
    ]);
  });
});

/** A PNG whose header says so, with hardly any data: what a decompression bomb begins with. */
function hugePng(width: number, height: number): Uint8Array {
  const bytes = Uint8Array.from(png(1, 1, [0, 0, 0]));
  const view = new DataView(bytes.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  return Uint8Array.from([...bytes, ...deflateSync(new Uint8Array(100))]);
}

describe('folders that are none of the labels', () => {
  const files = [
    source('pets/kitty/1.png', shades[0]!),
    source('pets/kitty/2.png', shades[1]!),
    source('pets/horse/3.png', shades[2]!),
    source('4.png', shades[3]!),
    source('pets/dog/5.png', shades[4]!),
  ];

  test('are counted by name, pictures in no folder under the empty one', async () => {
    const { dataset, unknown, problems } = await read(files);
    expect([...dataset.labels]).toEqual([1]);
    expect(problems).toEqual([]);
    expect(unknown).toEqual([
      { name: 'kitty', count: 2 },
      { name: 'horse', count: 1 },
      { name: '', count: 1 },
    ]);
  });

  test('mean what the person says; what is to be left out is no problem', async () => {
    const mapping = new Map([
      ['kitty', 'cat'],
      ['horse', null],
      ['', 'barn owl'],
      ['dog', 'cat'], // a label of the run means itself
    ]);
    const { dataset, unknown, problems } = await read(files, { mapping });
    expect([...dataset.labels]).toEqual([0, 0, 2, 1]);
    expect([unknown, problems]).toEqual([[], []]);
  });

  test('a meaning that is no label of this run is no meaning', async () => {
    const { unknown } = await read(files, { mapping: new Map([['kitty', 'tiger']]) });
    expect(unknown[0]).toEqual({ name: 'kitty', count: 2 });
  });
});

describe('imageType', () => {
  test.each<[string, readonly number[] | string, string | undefined]>([
    ['JPEG', [0xff, 0xd8, 0xff, 0xe0], 'JPEG'],
    ['GIF', 'GIF89a', 'GIF'],
    ['BMP', 'BM6', 'BMP'],
    ['WebP', 'RIFF1234WEBPVP8 ', 'WebP'],
    ['AVIF', '\0\0\0\x20ftypavif', 'AVIF'],
    ['AVIF of a sequence', '\0\0\0\x20ftypavis', 'AVIF'],
    ['AVIF by a compatible brand', '\0\0\0\x18ftypmif1\0\0\0\0miafavif', 'AVIF'],
    ['a container of pictures by its brands alone', '\0\0\0\x14ftypmif1\0\0\0\0miaf', 'HEIC'],
    ['brands beyond the box', '\0\0\0\x10ftypisom\0\0\0\0avif', undefined],
    ['HEIC', '\0\0\0\x20ftypheic', 'HEIC'],
    ['a video', '\0\0\0\x18ftypisom\0\0\0\0isommp42', undefined],
    ['TIFF', 'II*\0', 'TIFF'],
    ['PDF', '%PDF-1.7', undefined],
    ['nothing', '', undefined],
  ])('%s', (_, bytes, type) => {
    const codes = typeof bytes === 'string' ? Array.from(bytes, (c) => c.charCodeAt(0)) : bytes;
    expect(imageType(Uint8Array.from(codes))).toBe(type);
  });
});

describe('what else the person is told', () => {
  test('pictures smaller than the model looks at', async () => {
    const { notes } = await read([source('cat/1.png', png(9, 1, [1, 2, 3])), source('cat/2.png', red)]);
    expect(notes.enlarged).toEqual({ count: 1, shortest: 1, side: 2 });
    expect((await read([source('cat/1.png', red)])).notes.enlarged).toBeNull();
  });

  test('pictures that their folders keep aside are held out', async () => {
    const files = ['train/cat/1', 'train/dog/2', 'val/cat/3', 'test/dog/4'].map((path, i) =>
      source(`pets/${path}.png`, shades[i]!),
    );
    const { dataset, notes } = await read(files);
    expect([...dataset.labels]).toEqual([0, 1, 0, 1]);
    expect([...dataset.heldOut!]).toEqual([0, 0, 1, 1]);
    expect(notes.heldOutFolders).toEqual(['val', 'test']);
    const alone = await read(files.slice(2));
    expect([alone.dataset.heldOut, alone.notes.heldOutFolders]).toEqual([undefined, []]);
  });
});

describe('a table of labels beside the pictures', () => {
  const table = (text: string) => source('pets/labels.csv', new TextEncoder().encode(text));
  const pictures = shades.slice(0, 4).map((picture, i) => source(`pets/images/${i}.png`, picture));

  test('says what is on them, and is itself no picture', async () => {
    const files = [table('file,label\n0.png,cat\n1.png,dog\n2.png,cat\n3.png,barn owl\n'), ...pictures];
    const { dataset, problems, unknown, notes } = await read(files);
    expect([...dataset.labels]).toEqual([0, 1, 0, 2]);
    expect([problems, unknown]).toEqual([[], []]);
    expect(notes.labelTables).toEqual(['pets/labels.csv']);
  });

  test('its other names are asked about, its gaps are told', async () => {
    const files = [table('file,label\n0.png,cat\n1.png,tabby\n9.png,dog\n'), ...pictures];
    const asked = await read(files);
    expect([...asked.dataset.labels]).toEqual([0]);
    expect(asked.unknown).toEqual([{ name: 'tabby', count: 1 }]);
    expect(asked.problems.map(({ file, line, reason }) => `${file} ${line}: ${reason}`)).toEqual([
      'pets/labels.csv 4: names the picture "9.png", which is not among the files',
      'pets/images/2.png undefined: is in no table of labels, and in no folder that is named like a label',
      'pets/images/3.png undefined: is in no table of labels, and in no folder that is named like a label',
    ]);
    const said = await read(files, { mapping: new Map([['tabby', 'cat']]) });
    expect([...said.dataset.labels]).toEqual([0, 0]);
  });

  test('says more than an archive that is named like a label', async () => {
    const files = [
      source('cat/labels.csv', new TextEncoder().encode('file,label\n0.png,dog\n')),
      source('cat/0.png', shades[0]!),
    ];
    expect([...(await read(files)).dataset.labels]).toEqual([1]);
  });

  test('a table of anything else is left out', async () => {
    const { problems } = await read([source('cat/notes.csv', text), source('cat/1.png', red)]);
    expect(problems).toMatchObject([{ file: 'cat/notes.csv', kind: 'unsupported' }]);
  });
});

test('folders inside one that is named like a label are asked about, with what it is', async () => {
  const files = ['cats/0', 'dogs/0', 'cats/1', 'dogs/1'].map((path, i) =>
    source(`cat/${path}.png`, shades[i]!),
  );
  const { dataset, unknown } = await read(files);
  expect(dataset.labels).toHaveLength(0);
  expect(unknown).toEqual([
    { name: 'cats', count: 2, within: 'cat' },
    { name: 'dogs', count: 2, within: 'cat' },
  ]);
  const mapping = new Map([
    ['cats', 'cat'],
    ['dogs', 'dog'],
  ]);
  expect([...(await read(files, { mapping })).dataset.labels]).toEqual([0, 1, 0, 1]);
});
