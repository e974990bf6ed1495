import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type ImageRegion, loadSample, splitHoldOut } from '@strata/fl-core/data';
import { exifBlock, jpegWithExif, pngWithChunk, webpWithExif } from '@strata/fl-core/data/pictures/testing';
import {
  decodeSafetensors,
  encodeSafetensors,
  type NamedTensor,
  type RunConfigInput,
  type RunView,
} from '@strata/fl-core/protocol';
import { random } from '@strata/fl-core/random';
import { lacking, python } from '@strata/fl-core/testing/python';
import { ServerProcess } from '@strata/harness';
import { nodeSampleIo } from '@strata/samples';
import { zipSync } from 'fflate';
import { PNG } from 'pngjs';
import { z } from 'zod';
import { serverOptions } from './server-options.ts';
import { expect, test } from './test.ts';
import { tinyRun, type World } from './world.ts';

/**
 * From a person's files over a run to examples/python/load_strata.py: the accuracy and the loss that the run reported
 * come out of transformers again, on the samples that the one participant held out.
 */

const reason = lacking('torch', 'transformers', 'safetensors', 'PIL');
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const script = path('../../examples/python/load_strata.py');
const fixtures = path('../../packages/fl-core/src');

/** Of the hold-out split. */
const seed = 5;
const holdOut = 0.4;

/** A region as a picture of its own, opaque: what lies behind transparency is for whoever decodes it to choose. */
function png({ image, left, top, width, height }: ImageRegion): Uint8Array {
  const made = new PNG({ width, height });
  for (let y = 0; y < height; y++) {
    const from = 4 * ((top + y) * image.width + left);
    made.data.set(image.rgba.subarray(from, from + 4 * width), 4 * y * width);
  }
  for (let alpha = 3; alpha < made.data.length; alpha += 4) made.data[alpha] = 255;
  return PNG.sync.write(made);
}

interface Sample {
  readonly label: string;
  readonly name: string;
  readonly bytes: Uint8Array;
}

const Result = z.object({
  accuracy: z.number(),
  samples: z.number(),
  reported: z.object({ accuracy: z.number(), samples: z.number() }),
  items: z.array(z.object({ label: z.string(), logits: z.array(z.number()) })),
});

/** Mean cross-entropy of what Python computed. */
function lossOf({ items }: z.infer<typeof Result>, labels: readonly string[]): number {
  const losses = items.map(({ label, logits }) => {
    const total = logits.reduce((sum, v) => sum + Math.exp(v), 0);
    return Math.log(total) - logits[labels.indexOf(label)]!;
  });
  return losses.reduce((a, b) => a + b, 0) / losses.length;
}

/** Those of the samples, in the order in which they were given, that a participant with that seed holds out. */
function heldOutOf<T extends { readonly label: string }>(all: readonly T[], labels: readonly string[]): T[] {
  const classes = Int32Array.from(all, ({ label }) => labels.indexOf(label));
  const tokens = all.map((_, i) => Int32Array.of(i));
  const { heldOut } = splitHoldOut({ kind: 'text', tokens, labels: classes }, holdOut, seed);
  return heldOut.tokens.map(([i]) => all[i!]!);
}

test.describe(`an exported run in Python${reason}`, () => {
  test.skip(reason !== '', reason);
  let folder: string;
  let server: ServerProcess;
  test.beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'strata-export-'));
    await writeBert(join(folder, 'models/tiny-bert'));
    const env = { ...serverOptions.env, STRATA_MODELS_DIR: join(folder, 'models') };
    server = await ServerProcess.start({ ...serverOptions, env });
  });
  test.afterAll(async () => {
    await server?.dispose();
    await rm(folder, { recursive: true });
  });
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern.
  test.use({ address: async ({}, use) => use(server) });

  /** One participant with these files takes part in a whole run. */
  async function finished(
    world: World,
    config: RunConfigInput,
    button: string,
    file: string,
    bytes: Uint8Array,
    steps = { epochs: 3, maxBatches: 6 },
  ) {
    const run = await world.startRun({
      ...config,
      strategy: { name: 'full' },
      budget: { kind: 'fixed', unit: 'layers', amount: 10 },
      rounds: 2,
      cohort: { goal: 1, minimum: 1, quorum: 1 },
      local: {
        ...tinyRun.local,
        ...steps,
        holdOut,
        optimizer: { name: 'adamw', learningRate: 0.002 },
      },
    });
    const page = await world.newPage('participant');
    await page.goto(await world.joinLink(run, { backend: 'wasm', seed: String(seed) }));
    const buffer = Buffer.from(bytes);
    await page.getByTestId(button).setInputFiles([{ name: file, mimeType: '', buffer }]);
    await page.locator('[data-testid=join]:enabled').click();
    return world.finished(run);
  }

  /** What a person does: download the zip, run the script. */
  async function inPython(world: World, view: RunView, data: string): Promise<z.infer<typeof Result>> {
    const zip = join(folder, `${view.id}.zip`);
    await writeFile(zip, await world.api.modelFolder(view.id));
    const { stdout } = await promisify(execFile)(python, [script, zip, data, '--json'], {
      maxBuffer: 2 ** 26,
    });
    return Result.parse(JSON.parse(stdout));
  }

  const Predicted = z.object({
    predictions: z.array(
      z.object({ file: z.string(), line: z.number().optional(), labels: z.array(z.string()) }),
    ),
    leftOut: z.array(z.unknown()),
  });

  /** The share of right answers of `npm run predict`, which has each label by `labelOf`. */
  async function predictedAccuracy(
    view: RunView,
    data: string,
    labelOf: (place: { readonly file: string; readonly line: number }) => string | undefined,
  ): Promise<number> {
    const zip = join(folder, `${view.id}.zip`);
    const program = path('../../experiments/src/predict/main.ts');
    const argv = ['--import', 'tsx', program, zip, data, '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, argv, { maxBuffer: 2 ** 26 });
    const { predictions, leftOut } = Predicted.parse(JSON.parse(stdout));
    expect(leftOut).toEqual([]);
    const right = predictions.filter(({ file, line = 0, labels }) => labels[0] === labelOf({ file, line }));
    return right.length / predictions.length;
  }

  const folderOf = ({ file }: { readonly file: string }) => file.split('/')[0];

  /** @param loss difference of the losses at most: Pillow rounds pixels where Strata does not. */
  function expectReported(view: RunView, result: z.infer<typeof Result>, samples: number, loss = 1e-4): void {
    const last = view.rounds.at(-1)!;
    console.log(
      `${view.config.name}: the run reported ${last.accuracy} (loss ${last.loss}) on ${last.evaluatedSamples}, Python has ${result.accuracy} (loss ${lossOf(result, view.config.labels)}) on ${result.samples}`,
    );
    expect(last.evaluatedSamples).toBe(samples);
    expect(result.samples).toBe(samples);
    expect(result.accuracy).toBeCloseTo(last.accuracy!, 10);
    expect(Math.abs(lossOf(result, view.config.labels) - last.loss!)).toBeLessThan(loss);
    expect(result.reported).toEqual({ accuracy: last.accuracy, samples });
  }

  test('images: emoji and a ViT', { tag: '@long' }, async ({ world }) => {
    const side = 64;
    const labels = ['animal', 'food', 'vehicle'];
    const raw = await loadSample('emoji', nodeSampleIo);
    if (raw.kind !== 'image') throw new Error('Emoji are pictures.');
    const noto: Sample[] = raw.images.flatMap((region, i) => {
      const label = raw.classes[raw.labels[i]!]!;
      if (raw.domains?.[i] !== 0 || !labels.includes(label)) return [];
      return { label, name: `${label}/${i}.png`, bytes: png(region) };
    });
    noto.splice(90);
    const view = await finished(
      world,
      { ...tinyRun, name: 'Emoji', side, data: { kind: 'image', sample: null }, labels },
      'zip',
      'emoji.zip',
      zipSync(Object.fromEntries(noto.map(({ name, bytes }) => [name, bytes]))),
    );
    const heldOut = heldOutOf(noto, labels);
    for (const { name, bytes } of heldOut) {
      await mkdir(dirname(join(folder, 'emoji', name)), { recursive: true });
      await writeFile(join(folder, 'emoji', name), bytes);
    }
    expectReported(view, await inPython(world, view, join(folder, 'emoji')), heldOut.length);
    expect(world.pageErrors).toEqual([]);
  });

  test('photos: not square, turned, in Display P3, some without an end', { tag: '@long' }, async ({
    world,
  }) => {
    const labels = ['leaf', 'brick', 'sea'];
    const types = ['image/jpeg', 'image/png', 'image/webp'] as const;
    const shapes = [
      [320, 200],
      [150, 260],
      [90, 400],
      [401, 123],
    ] as const;
    const photos = Array.from({ length: 96 }, (_, seed): Photo => {
      const [width, height] = shapes[seed % 4]!;
      return { label: labels[seed % 3]!, width, height, type: types[Math.floor(seed / 3) % 3]!, seed };
    });
    const studio = await world.newPage('studio');
    await studio.goto(`${world.server.url}/`);
    const drawn = await studio.evaluate(drawPhotos, photos);
    const taken: Sample[] = photos.map((photo, i) => ({
      label: photo.label,
      name: `${photo.label}/${i}.${photo.type.slice(6)}`,
      bytes: asCamera(photo, new Uint8Array(Buffer.from(drawn[i]!, 'base64'))),
    }));
    const view = await finished(
      world,
      { ...tinyRun, name: 'Photos', side: 48, data: { kind: 'image', sample: null }, labels },
      'zip',
      'photos.zip',
      zipSync(Object.fromEntries(taken.map(({ name, bytes }) => [name, bytes]))),
    );
    const heldOut = heldOutOf(taken, labels);
    for (const { name, bytes } of heldOut) {
      await mkdir(dirname(join(folder, 'photos', name)), { recursive: true });
      await writeFile(join(folder, 'photos', name), bytes);
    }
    expectReported(view, await inPython(world, view, join(folder, 'photos')), heldOut.length, 2e-3);
    const predicted = await predictedAccuracy(view, join(folder, 'photos'), folderOf);
    expect(predicted).toBeCloseTo(view.rounds.at(-1)!.accuracy!, 10);
    expect(world.pageErrors).toEqual([]);
  });

  for (const { name, model, texts, steps } of [
    // Of full size: a step takes seconds. All its layers move in each of the four, and that is what must arrive.
    { name: 'the sentence encoder', model: 'use-lite', texts: 50, steps: { epochs: 1, maxBatches: 2 } },
    {
      name: 'an imported BERT',
      model: { source: 'folder:tiny-bert', granularity: 'block' },
      texts: 100,
      steps: { epochs: 3, maxBatches: 6 },
    },
  ] satisfies { name: string; model: RunConfigInput['model']; texts: number; steps: object }[]) {
    test(`texts: definitions of WordNet and ${name}`, { tag: '@long' }, async ({ world }) => {
      const { labels, rows, csv } = await definitions(texts);
      const view = await finished(
        world,
        { ...tinyRun, name, model, data: { kind: 'text', sample: null }, labels },
        'files',
        'definitions.csv',
        new TextEncoder().encode(csv(rows)),
        steps,
      );
      const heldOut = heldOutOf(rows, labels);
      const table = join(folder, `${view.id}.csv`);
      await writeFile(table, csv(heldOut));
      expectReported(view, await inPython(world, view, table), heldOut.length);
      const predicted = await predictedAccuracy(view, table, ({ line }) => heldOut[line - 2]?.label);
      expect(predicted).toBeCloseTo(view.rounds.at(-1)!.accuracy!, 10);
      expect(world.pageErrors).toEqual([]);
    });
  }
});

/** Some definitions of the built-in sample, as a person would have them. */
async function definitions(texts: number) {
  const labels = ['animal', 'food', 'person'];
  const raw = await loadSample('wordnet', nodeSampleIo);
  if (raw.kind !== 'text') throw new Error('Definitions are texts.');
  const rows = raw.texts
    .map((text, i) => ({ text, label: raw.classes[raw.labels[i]!]! }))
    .filter(({ label }) => labels.includes(label))
    .slice(0, texts);
  const csv = (some: typeof rows) =>
    `text,label\n${some.map(({ text, label }) => `"${text.replaceAll('"', '""')}",${label}`).join('\n')}\n`;
  return { labels, rows, csv };
}

/** A photo as the page of a browser makes it: in Display P3, of any shape, of the kind of its label. */
interface Photo {
  readonly label: string;
  readonly width: number;
  readonly height: number;
  readonly type: 'image/jpeg' | 'image/png' | 'image/webp';
  readonly seed: number;
}

/** The base64 of each. Their colours are beyond sRGB, and what lies outside the centred square misleads. */
function drawPhotos(photos: readonly Photo[]): Promise<string[]> {
  return Promise.all(
    photos.map(async ({ label, width, height, type, seed }) => {
      const canvas = new OffscreenCanvas(width, height);
      const context = canvas.getContext('2d', { colorSpace: 'display-p3' });
      if (context === null) throw new Error('no canvas');
      const colours: Record<string, string> = {
        leaf: 'color(display-p3 0 1 0)',
        brick: 'color(display-p3 1 0 0)',
        sea: 'color(display-p3 0 0.3 1)',
      };
      const others = Object.values(colours).filter((colour) => colour !== colours[label]);
      context.fillStyle = others[seed % 2] ?? '';
      context.fillRect(0, 0, width, height);
      // The sky is above, the label's colour below: upside down or on its side it is another picture.
      const square = Math.min(width, height);
      const left = (width - square) / 2;
      const top = (height - square) / 2;
      context.fillStyle = 'color(display-p3 0.6 0.8 1)';
      context.fillRect(left, top, square, square / 2);
      context.fillStyle = colours[label] ?? '';
      context.fillRect(left, top + square / 2, square, square / 2);
      let state = seed + 1;
      for (let i = 0; i < 120; i++) {
        const next = () => {
          state = (state * 16_807) % 2_147_483_647;
          return state / 2_147_483_647;
        };
        context.fillStyle = `color(display-p3 ${next()} ${next()} ${next()} / 0.6)`;
        context.fillRect(width * next(), height * next(), square / 5, square / 6);
      }
      const bytes = new Uint8Array(await (await canvas.convertToBlob({ type, quality: 0.9 })).arrayBuffer());
      return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
    }),
  );
}

/** With an orientation in the place where the format has it; the last bytes of some are missing, as cameras write them. */
function asCamera({ type, width, height, seed }: Photo, bytes: Uint8Array): Uint8Array {
  const exif = exifBlock(1 + (seed % 8), seed % 2 === 0 ? 'MM' : 'II');
  switch (type) {
    case 'image/jpeg': {
      const jpeg = jpegWithExif(bytes, exif);
      return seed % 5 === 0 ? jpeg.subarray(0, -2) : jpeg;
    }
    case 'image/png':
      return pngWithChunk(bytes, 'eXIf', exif);
    case 'image/webp':
      return webpWithExif(bytes, { width, height }, exif);
    default:
      return type satisfies never;
  }
}

/** The BERT of the oracles with a table for the tokenizer's 220 tokens. */
async function writeBert(target: string): Promise<void> {
  const fixture = join(fixtures, 'models/architectures/bert/fixtures/bert');
  await mkdir(target, { recursive: true });
  await cp(join(fixtures, 'data/tokenizer/fixtures/hub/bert.tokenizer.json'), join(target, 'tokenizer.json'));
  const config = JSON.parse(await readFile(join(fixture, 'config.json'), 'utf8'));
  await writeFile(join(target, 'config.json'), JSON.stringify({ ...config, vocab_size: 220 }));
  const rng = random('words');
  const words = (tensor: NamedTensor): NamedTensor => ({
    ...tensor,
    shape: [220, 16],
    data: Float32Array.from({ length: 220 * 16 }, () => 0.3 * rng.normal()),
  });
  const { tensors } = decodeSafetensors(await readFile(join(fixture, 'model.safetensors')));
  const larger = tensors.map((t) => (t.name.endsWith('word_embeddings.weight') ? words(t) : t));
  await writeFile(join(target, 'model.safetensors'), encodeSafetensors(larger));
}
