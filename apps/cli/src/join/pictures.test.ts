// @module-tag long
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reducePicture } from '@strata/fl-core/data';
import { exifBlock, jpegWithExif, pngWithChunk, webpWithExif } from '@strata/fl-core/data/pictures/testing';
import { lacking, python } from '@strata/fl-core/testing/python';
import { findChromium, launchChromium } from '@strata/harness';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openPicture } from './pictures.ts';
import { type BrowserPictures, browserPictures } from './testing/browser-pictures.ts';

/**
 * Of every format and every way to say colours and orientation, the page, `strata join` and examples/python/load_strata.py
 * see the same pixels.
 */

const chromium = findChromium();
const noBrowser = chromium === null ? ' (skipped: no Chromium)' : '';
const noPython = lacking('torch', 'transformers', 'safetensors', 'PIL');
const script = fileURLToPath(new URL('../../../../examples/python/load_strata.py', import.meta.url));

const side = 48;
const size = { width: 211, height: 130 };

/** A PNG that says nothing of its colours. */
function plain(): Uint8Array {
  const image = new PNG(size);
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const value = [(3 * x + y) % 256, (2 * y + ((x * y) >> 4)) % 256, (x ^ y) % 256, 255];
      image.data.set(value, 4 * (y * size.width + x));
    }
  }
  return new Uint8Array(PNG.sync.write(image));
}

const numbers = (...values: readonly number[]): number[] =>
  values.flatMap((value) => [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff]);

/** White and primaries of sRGB, of Display P3, and of a screen with white D50, in units of 1/100,000. */
const srgb = numbers(31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000);
const p3 = numbers(31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000);
const d50 = numbers(34570, 35850, 64000, 33000, 30000, 60000, 15000, 6000);
const gamma = (value: number) => numbers(Math.round(100_000 * value));
const chunks = (...list: readonly (readonly [string, readonly number[]])[]): Uint8Array =>
  list.reduce((png, [name, content]) => pngWithChunk(png, name, content), plain());

/** Drawn by the browser: in Display P3 it writes a profile. */
const draw = `async (type, colorSpace) => {
  const canvas = new OffscreenCanvas(${size.width}, ${size.height});
  const context = canvas.getContext('2d', { colorSpace });
  for (let i = 0; i < 24; i++) {
    for (let j = 0; j < 16; j++) {
      context.fillStyle = 'color(' + colorSpace + ' ' + [i / 24, j / 16, Math.abs(Math.sin(3 * i + j))].join(' ') + ')';
      context.fillRect(9 * i, 9 * j, 9, 9);
    }
  }
  const bytes = new Uint8Array(await (await canvas.convertToBlob({ type, quality: 0.92 })).arrayBuffer());
  return Array.from(bytes);
}`;

const drawn = [
  ['image/jpeg', 'srgb'],
  ['image/jpeg', 'display-p3'],
  ['image/png', 'display-p3'],
  ['image/webp', 'srgb'],
  ['image/webp', 'display-p3'],
] as const;

function turned(type: string, bytes: Uint8Array, orientation: number): Uint8Array {
  const exif = exifBlock(orientation);
  if (type === 'image/jpeg') return jpegWithExif(bytes, exif);
  return type === 'image/png' ? pngWithChunk(bytes, 'eXIf', exif) : webpWithExif(bytes, size, exif);
}

const names = [
  'plain',
  ...[
    'gamma 2.2',
    'gamma 1',
    'gamma and primaries of sRGB',
    'of P3',
    'of D50',
    'primaries alone',
    'sRGB chunk',
  ],
  ...drawn.flatMap(([type, space]) => [1, 3, 6, 7].map((o) => `${type} ${space} ${o}`)),
  'image/jpeg without its end',
];

const look = `
import json, runpy, sys
script = runpy.run_path(sys.argv[1])
side, files = json.load(sys.stdin)
print("RESULT " + json.dumps([list(script["centre_square"](script["upright"](f), side).tobytes()) for f in files]))
`;

describe.skipIf(noBrowser)(`pictures${noBrowser}`, () => {
  let folder: string;
  let pictures: BrowserPictures;
  const files: Uint8Array[] = [
    plain(),
    chunks(['gAMA', gamma(1 / 2.2)]),
    chunks(['gAMA', gamma(1)]),
    chunks(['cHRM', srgb], ['gAMA', gamma(1 / 2.2)]),
    chunks(['cHRM', p3], ['gAMA', gamma(1 / 2.2)]),
    chunks(['cHRM', d50], ['gAMA', gamma(1 / 1.8)]),
    chunks(['cHRM', p3]),
    chunks(['gAMA', gamma(1)], ['sRGB', [0]]),
  ];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'strata-seen-'));
    const browser = await launchChromium(chromium!);
    const page = await browser.newPage();
    for (const [type, space] of drawn) {
      const bytes = z.array(z.number()).parse(await page.evaluate(`(${draw})('${type}', '${space}')`));
      for (const orientation of [1, 3, 6, 7]) files.push(turned(type, Uint8Array.from(bytes), orientation));
    }
    await browser.close();
    files.push(files[8]!.subarray(0, -2));
    pictures = await browserPictures(() => {});
  }, 300_000);
  afterAll(async () => {
    await pictures?.close();
    if (folder) rmSync(folder, { recursive: true });
  });

  const each = names.map((name, i) => ({ name, i }));
  const inBrowser = async (i: number) => (await pictures.reduce(files[i]!, side, 1e8)).pixels;

  it.each(each)('of the page are those of Node: $name', async ({ i }) => {
    expect(files).toHaveLength(names.length);
    const browser = await inBrowser(i);
    const { pixels } = await reducePicture(files[i]!, { side, mostPixels: 1e8, open: openPicture });
    expect(pixels).toHaveLength(3 * side * side);
    const differences = pixels.map((v, k) => Math.abs(v - browser[k]!));
    // The same decoder; profiles are applied by another version of it.
    expect(Math.max(...differences)).toBeLessThanOrEqual(1);
    expect(differences.reduce((a, b) => a + b, 0) / differences.length).toBeLessThan(0.01);
  });

  describe.skipIf(noPython)(`and those of Python${noPython}`, () => {
    let seen: number[][] = [];
    beforeAll(() => {
      const paths = files.map((bytes, i) => {
        writeFileSync(join(folder, String(i)), bytes);
        return join(folder, String(i));
      });
      const printed = execFileSync(python, ['-c', look, script], {
        input: JSON.stringify([side, paths]),
        encoding: 'utf8',
        maxBuffer: 2 ** 28,
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      const line = printed.split('\n').find((l) => l.startsWith('RESULT '))!;
      seen = z.array(z.array(z.number())).parse(JSON.parse(line.slice(7)));
    }, 300_000);

    it.each(each)('$name', async ({ i }) => {
      const browser = await inBrowser(i);
      const differences = seen[i]!.map((v, k) => Math.abs(v - browser[k]!));
      expect(differences).toHaveLength(3 * side * side);
      // Pillow rounds between its two passes, and colour engines at their ends.
      expect(Math.max(...differences)).toBeLessThanOrEqual(3);
      expect(differences.reduce((a, b) => a + b, 0) / differences.length).toBeLessThan(0.5);
    });
  });
});
