import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { centreSquare, type DecodedImage, resizeRegion, wholeImage } from './resize.ts';

type Rgba = readonly [number, number, number, number];

function image(width: number, height: number, pixel: (x: number, y: number) => Rgba): DecodedImage {
  const rgba = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rgba.set(pixel(x, y), (y * width + x) * 4);
  }
  return { width, height, rgba };
}

const resized = (source: DecodedImage, side: number) => {
  const out = new Uint8Array(side * side * 3);
  resizeRegion(wholeImage(source), side, out);
  return [...out];
};

const oracle = z
  .object({
    cases: z.array(z.object({ size: z.number(), side: z.number(), pixels: z.array(z.number()) })).min(1),
  })
  .parse(JSON.parse(readFileSync(new URL('fixtures/pillow-bilinear.json', import.meta.url), 'utf8')));

describe('resizeRegion', () => {
  // The noise of fixtures/pillow-bilinear.py. Pillow rounds between its two passes, hence one level of slack.
  test.each(oracle.cases)('$size to $side pixels equals Pillow within 1 of 255', ({ size, side, pixels }) => {
    const noise = (x: number, y: number, c: number) => (x * x * 7 + y * 13 + x * y * (c + 3) + c * 41) % 256;
    const source = image(size, size, (x, y) => [noise(x, y, 0), noise(x, y, 1), noise(x, y, 2), 255]);
    const differences = resized(source, side).map((v, i) => Math.abs(v - pixels[i]!));
    expect(differences).toHaveLength(side * side * 3);
    expect(Math.max(...differences)).toBeLessThanOrEqual(1);
  });

  test('a uniform picture stays uniform at any size', () => {
    for (const side of [1, 5, 13, 40]) {
      expect(
        new Set(
          resized(
            image(13, 13, () => [77, 77, 77, 255]),
            side,
          ),
        ),
      ).toEqual(new Set([77]));
    }
  });

  test('transparent pixels become white and give no colour to their neighbours', () => {
    expect(
      resized(
        image(2, 2, () => [200, 0, 0, 0]),
        2,
      ),
    ).toEqual(new Array(12).fill(255));
    // Half black, half transparent red: the mean is grey, without red in it.
    const [r, g, b] = resized(
      image(2, 2, (x) => (x === 0 ? [0, 0, 0, 255] : [255, 0, 0, 0])),
      1,
    );
    expect([r, g, b]).toEqual([128, 128, 128]);
  });

  test('half transparent is halfway to white', () => {
    expect(
      resized(
        image(1, 1, () => [0, 100, 255, 51]),
        1,
      ),
    ).toEqual([204, 224, 255]);
  });

  test('a region reads nothing outside itself and writes at its offset only', () => {
    const sheet = image(12, 4, (x) => (x >= 4 && x < 8 ? [10, 20, 30, 255] : [255, 0, 255, 255]));
    const out = new Uint8Array(20).fill(7);
    resizeRegion({ image: sheet, left: 4, top: 0, width: 4, height: 4 }, 2, out, 4);
    expect([...out]).toEqual([7, 7, 7, 7, 10, 20, 30, 10, 20, 30, 10, 20, 30, 10, 20, 30, 7, 7, 7, 7]);
  });
});

describe('centreSquare', () => {
  test.each([
    [10, 4, 3, 0, 4],
    [4, 10, 0, 3, 4],
    [5, 5, 0, 0, 5],
    [4, 1, 1, 0, 1],
  ])('%ix%i: from (%i, %i), side %i', (width, height, left, top, side) => {
    const square = centreSquare(wholeImage(image(width, height, () => [0, 0, 0, 255])));
    expect([square.left, square.top, square.width, square.height]).toEqual([left, top, side, side]);
  });
});
