import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { catalog } from '../../models/catalog.ts';
import { exportPreprocessor } from '../../models/hub/config.ts';
import { random } from '../../random.ts';
import { lacking, python } from '../../testing/python.ts';
import { reducePng } from '../testing.ts';
import { exifBlock, pngWithChunk } from './testing.ts';

/**
 * Whoever opens an export sees the pictures that the model was trained on: examples/python/load_strata.py to the
 * rounding of Pillow, the processor that transformers makes of preprocessor_config.json as nearly as it can. Formats
 * and profiles that a browser decodes are in e2e/src/export.e2e.ts.
 */

const reason = lacking('torch', 'torchvision', 'transformers', 'safetensors', 'PIL');
const script = fileURLToPath(new URL('../../../../../examples/python/load_strata.py', import.meta.url));

const side = 32;

/** Photos have shapes that go on over many pixels, and some noise. */
function photo(width: number, height: number, alpha = false): Uint8Array {
  const rng = random('photo', width, height);
  const image = new PNG({ width, height });
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = [(255 * x) / width, (255 * y) / height, 128 + 100 * Math.sin((x + 2 * y) / 9)];
      const pixel = value.map((v) => Math.min(255, Math.max(0, Math.round(v + 20 * rng.normal()))));
      image.data.set([...pixel, alpha ? Math.round((255 * x) / width) : 255], 4 * (y * width + x));
    }
  }
  return new Uint8Array(PNG.sync.write(image));
}

const pictures: readonly (readonly [string, Uint8Array])[] = [
  ['square', photo(96, 96)],
  ['of the side itself', photo(side, side)],
  ['wide', photo(201, 90)],
  ['tall', photo(77, 190)],
  ['a panorama', photo(900, 40)],
  ['smaller than the model', photo(20, 11)],
  ['with transparency', photo(120, 80, true)],
  ...([2, 3, 4, 5, 6, 7, 8] as const).map(
    (orientation) =>
      [
        `turned by orientation ${orientation}`,
        pngWithChunk(photo(151, 90), 'eXIf', exifBlock(orientation)),
      ] as const,
  ),
];

const look = `
import json, runpy, sys
import torch, transformers
script = runpy.run_path(sys.argv[1])
side, folder, files = json.load(sys.stdin)
processor = transformers.AutoImageProcessor.from_pretrained(folder)
answers = []
for file in files:
    image = script["upright"](file)
    ours = torch.tensor(list(script["centre_square"](image, side).tobytes()), dtype=torch.float32)
    theirs = processor(image, return_tensors="pt")["pixel_values"][0]
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (processor.image_mean, processor.image_std))
    theirs = (255 * (theirs * std + mean)).permute(1, 2, 0).flatten()
    answers.append([ours.tolist(), theirs.tolist()])
print("RESULT " + json.dumps(answers))
`;

describe.skipIf(reason)(`pictures in Python${reason}`, () => {
  let folder: string;
  let seen: [number[], number[]][] = [];
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'strata-pictures-'));
    const settings = exportPreprocessor(catalog['vit-nano'], side);
    writeFileSync(join(folder, 'preprocessor_config.json'), JSON.stringify(settings));
    const files = pictures.map(([, bytes], i) => {
      const file = join(folder, `${i}.png`);
      writeFileSync(file, bytes);
      return file;
    });
    const printed = execFileSync(python, ['-c', look, script], {
      input: JSON.stringify([side, folder, files]),
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const line = printed.split('\n').find((l) => l.startsWith('RESULT '))!;
    const values = z.array(z.number());
    seen = z.array(z.tuple([values, values])).parse(JSON.parse(line.slice(7)));
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(pictures.map(([name, bytes], i) => ({ name, bytes, i })))('$name', async ({ bytes, i }) => {
    const { pixels } = await reducePng(bytes, side, 1e8);
    const [ours, theirs] = seen[i]!;
    const differences = (other: readonly number[]) => other.map((v, k) => Math.abs(v - pixels[k]!));
    expect(ours).toHaveLength(pixels.length);
    // Pillow rounds between its two passes.
    expect(Math.max(...differences(ours))).toBeLessThanOrEqual(1);
    // transformers shrinks first and cuts then: whole pixels that it cuts are not where ours are.
    const mean = differences(theirs).reduce((a, b) => a + b, 0) / pixels.length;
    expect(mean).toBeLessThan(10);
  });
});
