import { PNG } from 'pngjs';
import { describe, expect, test } from 'vitest';
import { type ImageFolderOptions, readImageFolder, type SourceFile } from './image-folder.ts';
import { imageType } from './image-signature.ts';

/** A real PNG of one colour. */
function png(width: number, height: number, [r, g, b]: readonly [number, number, number]): Uint8Array {
  const image = new PNG({ width, height });
  for (let i = 0; i < width * height; i++) image.data.set([r, g, b, 255], i * 4);
  return new Uint8Array(PNG.sync.write(image));
}

const red = png(6, 4, [255, 0, 0]);
const blue = png(3, 3, [0, 0, 255]);
const text = new TextEncoder().encode('not a picture');

const source = (path: string, bytes: Uint8Array): SourceFile => ({
  path,
  size: bytes.length,
  read: async () => bytes,
});

const read = (files: readonly SourceFile[], options: Partial<ImageFolderOptions> = {}) =>
  readImageFolder(files, {
    labels: ['cat', 'dog', 'barn owl'],
    side: 2,
    decodeImage: async (bytes) => {
      const { width, height, data } = PNG.sync.read(Buffer.from(bytes));
      return { width, height, rgba: data };
    },
    ...options,
  });

describe('pictures that are read', () => {
  test('the label is the folder, whatever its case, with _ for blanks, at any depth', async () => {
    const { dataset, problems } = await read([
      source('pets/cat/1.png', red),
      source('pets/Dog/2.png', blue),
      source('DOG/3.png', blue),
      source('pets/barn_owl/4.png', red),
      source('pets/cat/from phone/5.png', blue),
      source('cat/dog/6.png', red),
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
    [
      'an unknown folder',
      source('pets/horse/1.png', red),
      'unknown-label',
      /"horse" is none .* "cat", "dog"/,
    ],
    ['no folder', source('1.png', red), 'unknown-label', /in no folder/],
    ['no picture', source('cat/notes.txt', text), 'unsupported', /not a PNG/],
    ['an SVG', source('cat/a.svg', new TextEncoder().encode('<svg/>')), 'unsupported', /not a PNG/],
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
    const files = [source('dog/before.png', blue), file, source('dog/after.png', blue)];
    const { dataset, problems } = await read(files, { limits: { bytes: 300, pixels: 1000 } });
    expect(problems).toEqual([{ file: file.path, kind, reason: expect.stringMatching(reason) }]);
    expect([...dataset.labels]).toEqual([1, 1]);
  });

  test('files beyond the limit', async () => {
    const files = ['cat/1.png', 'cat/2.png', 'cat/3.png'].map((path) => source(path, red));
    const { dataset, problems } = await read(files, { limits: { files: 2 } });
    expect(dataset.labels).toHaveLength(2);
    expect(problems).toMatchObject([{ file: 'cat/3.png', kind: 'too-many' }]);
  });
});

describe('imageType', () => {
  test.each<[string, readonly number[] | string, string | undefined]>([
    ['JPEG', [0xff, 0xd8, 0xff, 0xe0], 'jpeg'],
    ['GIF', 'GIF89a', 'gif'],
    ['BMP', 'BM6', 'bmp'],
    ['WebP', 'RIFF1234WEBPVP8 ', 'webp'],
    ['AVIF', '\0\0\0\x20ftypavif', 'avif'],
    ['HEIC', '\0\0\0\x20ftypheic', undefined],
    ['PDF', '%PDF-1.7', undefined],
    ['nothing', '', undefined],
  ])('%s', (_, bytes, type) => {
    const codes = typeof bytes === 'string' ? Array.from(bytes, (c) => c.charCodeAt(0)) : bytes;
    expect(imageType(Uint8Array.from(codes))).toBe(type);
  });
});
