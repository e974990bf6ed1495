import { describe, expect, test } from 'vitest';
import { png } from '../testing.ts';
import { withoutOrientation } from './orientation.ts';
import { exifBlock, jpegWithExif, pngWithChunk, webpWithExif } from './testing.ts';

const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, 0xda, 0, 2, 1, 2, 3, 0xff, 0xd9);
const webp = Uint8Array.from('RIFF\x10\0\0\0WEBPVP8L\x04\0\0\0\x2f\0\0\0', (c) => c.charCodeAt(0));

const kinds: readonly [string, (exif: readonly number[]) => Uint8Array][] = [
  ['JPEG', (exif) => jpegWithExif(jpeg, exif)],
  ['PNG', (exif) => pngWithChunk(png(2, 2, [1, 2, 3]), 'eXIf', exif)],
  ['WebP', (exif) => webpWithExif(webp, { width: 1, height: 1 }, exif)],
];

describe.each(kinds)('%s', (_, make) => {
  test.each([2, 3, 4, 5, 6, 7, 8] as const)('orientation %i is told and taken out', (value) => {
    for (const order of ['II', 'MM'] as const) {
      const { orientation, bytes } = withoutOrientation(make(exifBlock(value, order)));
      expect(orientation).toBe(value);
      // As if it had been written so: of a PNG with its checksum.
      expect([...bytes]).toEqual([...make(exifBlock(1, order))]);
    }
  });

  test.each([0, 1, 9, 65535])('%i says nothing, and the file stays as it is', (value) => {
    const file = make(exifBlock(value));
    expect(withoutOrientation(file)).toEqual({ orientation: 1, bytes: file });
  });

  test('a broken block says nothing', () => {
    for (const exif of [
      [],
      exifBlock(6).slice(0, 12),
      [...exifBlock(6).slice(0, 4), 0xff, 0xff, 0xff, 0xf0],
    ]) {
      expect(withoutOrientation(make(exif)).orientation).toBe(1);
    }
  });
});

test('a header of JPEG before the block of another format is passed over', () => {
  const exif = [...Array.from('Exif\0\0', (c) => c.charCodeAt(0)), ...exifBlock(8)];
  expect(withoutOrientation(webpWithExif(webp, { width: 1, height: 1 }, exif)).orientation).toBe(8);
});

test('what has no EXIF stays as it is', () => {
  for (const file of [jpeg, webp, png(2, 2, [1, 2, 3]), new Uint8Array(), jpeg.subarray(0, 3)]) {
    expect(withoutOrientation(file)).toEqual({ orientation: 1, bytes: file });
  }
});
