import fc from 'fast-check';
import { PNG } from 'pngjs';
import { describe, expect, test } from 'vitest';
import { type DecodedImage, resizeRegion, wholeImage } from '../resize.ts';
import { openPng, png, reducePng } from '../testing.ts';
import { withEnd } from './mend-end.ts';
import { type OpenPicture, type PictureRefusal, reducePicture } from './reduce.ts';
import { exifBlock, pngWithChunk } from './testing.ts';

const most = 1e8;

/** A picture that is drawn when it is read. */
const drawn = (width: number, height: number, red: (x: number, y: number) => number): OpenPicture => ({
  width,
  height,
  read(left, top, columns, rows): DecodedImage {
    const rgba = new Uint8Array(columns * rows * 4).fill(255);
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) rgba[4 * (y * columns + x)] = red(left + x, top + y);
    }
    return { width: columns, height: rows, rgba };
  },
  close() {},
});

const reds = ({ pixels }: { readonly pixels: Uint8Array }) => [...pixels].filter((_, i) => i % 3 === 0);

test('the square is cut before anything is shrunk: a panorama keeps its pixels', async () => {
  const stripes = (x: number) => (x % 2 === 0 ? 0 : 240);
  const side = 64;
  const open = async () => drawn(8192, 96, stripes);
  const wide = await reducePicture(new Uint8Array(), { side, open, mostPixels: most });
  const cut = drawn(96, 96, (x) => stripes(x + (8192 - 96) / 2)).read(0, 0, 96, 96);
  const alone = new Uint8Array(side * side * 3);
  resizeRegion(wholeImage(cut), side, alone);
  expect([...wide.pixels]).toEqual([...alone]);
  expect(wide.shorterSide).toBe(96);
});

test('a picture that is read in bands is the same as one that is read at once', async () => {
  const [width, height, side] = [2500, 2300, 5]; // two bands
  const noise = (x: number, y: number) => (x * 7 + y * 13 + ((x * y) >> 3)) % 256;
  const picture = drawn(width, height, noise);
  let reads = 0;
  const open = async (): Promise<OpenPicture> => ({
    ...picture,
    read(...place) {
      reads += 1;
      return picture.read(...place);
    },
  });
  const banded = await reducePicture(new Uint8Array(), { side, open, mostPixels: most });
  const whole = new Uint8Array(side * side * 3);
  resizeRegion(wholeImage(picture.read(100, 0, height, height)), side, whole);
  expect(reads).toBeGreaterThan(1);
  expect([...banded.pixels]).toEqual([...whole]);
});

describe('a picture stands as its EXIF orientation says', () => {
  /** Upright pictures of every shape, and the same as a camera stores them that was held otherwise. */
  const stored = {
    1: (x: number, y: number, w: number, h: number) => [x, y, w, h],
    2: (x: number, y: number, w: number, h: number) => [w - 1 - x, y, w, h],
    3: (x: number, y: number, w: number, h: number) => [w - 1 - x, h - 1 - y, w, h],
    4: (x: number, y: number, w: number, h: number) => [x, h - 1 - y, w, h],
    5: (x: number, y: number, w: number, h: number) => [y, x, h, w],
    6: (x: number, y: number, w: number, h: number) => [y, w - 1 - x, h, w],
    7: (x: number, y: number, w: number, h: number) => [h - 1 - y, w - 1 - x, h, w],
    8: (x: number, y: number, w: number, h: number) => [h - 1 - y, x, h, w],
  } as const;

  const file = (width: number, height: number, value: (x: number, y: number) => number): Uint8Array => {
    const image = new PNG({ width, height });
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) image.data.set([value(x, y), 7, 9, 255], 4 * (y * width + x));
    }
    return new Uint8Array(PNG.sync.write(image));
  };

  test.each([1, 2, 3, 4, 5, 6, 7, 8] as const)('%i', async (orientation) => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), async (w, h) => {
        const value = (x: number, y: number) => (31 * x + 57 * y + 5) % 256;
        const upright = new Map<string, number>();
        for (let y = 0; y < h; y++) {
          for (let x = 0; x < w; x++) {
            const [sx, sy] = stored[orientation](x, y, w, h);
            upright.set(`${sx},${sy}`, value(x, y));
          }
        }
        const [, , width, height] = stored[orientation](0, 0, w, h);
        const lying = file(width!, height!, (x, y) => upright.get(`${x},${y}`)!);
        const side = Math.min(w, h);
        const turned = await reducePng(pngWithChunk(lying, 'eXIf', exifBlock(orientation)), side, most);
        expect(reds(turned)).toEqual(reds(await reducePng(file(w, h, value), side, most)));
      }),
      { numRuns: 40 },
    );
  });
});

describe('a file without its last marker', () => {
  const scan = [0xff, 0xda, 0, 2, 1, 2, 0xff, 0, 3];
  const thumbnail = [0xff, 0xe1, 0, 6, 0xff, 0xd8, 0xff, 0xd9];
  const jpeg = (...parts: readonly (readonly number[])[]) => Uint8Array.from([0xff, 0xd8, ...parts.flat()]);

  test.each([
    ['whole', jpeg(thumbnail, scan, [0xff, 0xd9])],
    ['whole, with a second picture or anything behind it', jpeg(scan, [0xff, 0xd9, 1, 2, 3])],
    ['whole, of several scans', jpeg(scan, [0xff, 0xc4, 0, 3, 9], scan, [0xff, 0xd9])],
    ['a PNG', png(2, 2, [1, 2, 3])],
    ['no picture', Uint8Array.of(1, 2, 3)],
  ])('%s: nothing is added', (_, bytes) => {
    expect(withEnd(bytes)).toBeUndefined();
  });

  test.each([
    ['cut', jpeg(thumbnail, scan)],
    ['filled up with zeros', jpeg(scan, [0, 0, 0, 0])],
    ['cut in the middle of the marker', jpeg(scan, [0xff])],
  ])('a JPEG, %s: gets its end', (_, bytes) => {
    expect([...(withEnd(bytes)?.bytes ?? [])]).toEqual([...bytes, 0xff, 0xd9]);
  });

  test('a PNG gets its last chunk; half of one is refused all the same', async () => {
    const whole = png(5, 5, [200, 100, 50]);
    const { pixels } = await reducePng(whole.subarray(0, -12), 5, most);
    expect([...pixels]).toEqual([...(await reducePng(whole, 5, most)).pixels]);
    await expect(reducePng(whole.subarray(0, 60), 5, most)).rejects.toThrow(/cannot be decoded/);
  });

  test('a JPEG is used only if no pixel is missing', async () => {
    const bytes = jpeg(scan);
    // Decoders fill what is missing with what comes next: noise where there is some.
    const open = async (file: Uint8Array) => {
      const filled = file.length > bytes.length + 2 ? 200 : 0;
      return drawn(4, 4, (_, y) => (y === 3 ? filled : 9));
    };
    const cut = reducePicture(bytes, { side: 4, open, mostPixels: most });
    await expect(cut).rejects.toThrow(/not copied to its end/);
    const whole = await reducePicture(bytes, {
      side: 4,
      open: async () => drawn(4, 4, () => 9),
      mostPixels: most,
    });
    expect(new Set(reds(whole))).toEqual(new Set([9]));
  });
});

test('what the decoder finds larger than was announced is refused, and its memory freed', async () => {
  let closed = false;
  const picture = { ...drawn(20_000, 10_000, () => 0), close: () => (closed = true) };
  const refused = reducePicture(new Uint8Array(9), { side: 8, open: async () => picture, mostPixels: most });
  await expect(refused).rejects.toMatchObject({ kind: 'too-large' } satisfies Partial<PictureRefusal>);
  await expect(refused).rejects.toThrow('is 20000x10000 pixels large; at most 100 million pixels are read');
  expect(closed).toBe(true);
});

test.each<[string, string, string, RegExp]>([
  ['HEIC', '\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'unsupported', /is a HEIC picture.* save it as JPEG or PNG/],
  ['TIFF', 'II*\0', 'unsupported', /is a TIFF picture/],
  ['a text', 'hello', 'unsupported', /is not a picture/],
  ['a broken GIF', 'GIF89a', 'broken', /cannot be decoded: /],
])('what cannot be decoded: %s', async (_, start, kind, reason) => {
  const bytes = Uint8Array.from(start, (c) => c.charCodeAt(0));
  const refused = reducePicture(bytes, { side: 8, open: openPng, mostPixels: most });
  await expect(refused).rejects.toMatchObject({ kind, message: expect.stringMatching(reason) });
});
