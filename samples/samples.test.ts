import { readFile, stat } from 'node:fs/promises';
import {
  classCounts,
  loadSample,
  type RawImages,
  type RawSamples,
  type RawTexts,
  sampleShard,
  samples,
  splitHoldOut,
  toImageDataset,
} from '@strata/fl-core/data';
import { type SampleId, sampleIds } from '@strata/fl-core/protocol';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { nodeSampleIo } from './node-io.ts';

const file = (path: string) => new URL(path, import.meta.url);

/** Loaded once for all tests: raw samples are read-only. */
const loaded = new Map<SampleId, RawSamples>();

beforeAll(async () => {
  for (const id of sampleIds) loaded.set(id, await loadSample(id, nodeSampleIo));
});

function get(id: SampleId): RawSamples {
  const raw = loaded.get(id);
  if (!raw) throw new Error(`${id} was not loaded`);
  return raw;
}

function images(id: 'emoji' | 'fashion-mnist'): RawImages {
  const raw = get(id);
  if (raw.kind !== 'image') throw new Error(`${id} is not a set of pictures`);
  return raw;
}

describe('every sample', () => {
  test.each(sampleIds)('%s: loads, has the labels and the number of samples of the catalog', (id) => {
    const raw = get(id);
    expect(raw.kind).toBe(samples[id].kind);
    expect(raw.classes).toEqual(samples[id].labels);
    expect(raw.labels).toHaveLength(samples[id].samples);
    expect(new Set(raw.labels).size).toBe(samples[id].labels.length);
  });

  test.each(sampleIds)('%s: has its notice', async (id) => {
    expect(await readFile(file(`${id}/NOTICE.md`), 'utf8')).toMatch(/permission/i);
  });

  test.each(sampleIds)('%s: any number of shards, all disjoint and not empty', (id) => {
    const raw = get(id);
    for (const of of [1, 2, 3, 4, 7, 20]) {
      const shards = Array.from({ length: of }, (_, i) => sampleShard(raw, i, of, 1));
      const sizes = shards.map((shard) => shard.labels.length);
      expect(Math.min(...sizes)).toBeGreaterThanOrEqual(10);
      expect(sizes.reduce((a, b) => a + b, 0)).toBe(samples[id].samples);
    }
  });

  test('all files together stay under 9 MB', async () => {
    const paths = [
      ...['noto.png', 'twemoji.png', 'fluent3d.png', 'labels.json'].map((name) => `emoji/${name}`),
      'fashion-mnist/images.png',
      'fashion-mnist/labels.json',
      'wordnet/glosses.csv',
    ];
    const sizes = await Promise.all(paths.map(async (path) => (await stat(file(path))).size));
    expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThan(9e6);
  });
});

describe('emoji', () => {
  let raw: RawImages;
  let codes: string[];
  beforeAll(async () => {
    raw = images('emoji');
    const labels = z.object({ items: z.array(z.object({ code: z.string() })) });
    codes = labels
      .parse(JSON.parse(await readFile(file('emoji/labels.json'), 'utf8')))
      .items.map((i) => i.code);
  });

  test('no emoji is in training in one style and in the test part of another', () => {
    expect(new Set(codes).size).toBe(873);
    const held = codes.map((_, i) => [0, 1, 2].map((style) => raw.heldOut?.[style * 873 + i]));
    expect(held.every((flags) => new Set(flags).size === 1)).toBe(true);
    expect(held.filter(([flag]) => flag === 1)).toHaveLength(173);
  });

  test('every class has test emoji, about a fifth', () => {
    const { training, heldOut } = splitHoldOut(toImageDataset(raw, 8), 0.2, 1);
    const trained = classCounts(training, 10);
    for (const [label, count] of classCounts(heldOut, 10).entries()) {
      expect(Math.abs(count / (count + trained[label]!) - 0.2)).toBeLessThan(0.02);
    }
  });

  test('a client has one style; what it holds out, no other client trains on', () => {
    const clients = [0, 1, 2, 3, 4].map((i) => sampleShard(raw, i, 5, 3));
    for (const client of clients) expect(new Set(client.domains).size).toBe(1);
    const parts = clients.map((client) => ({
      trained: client.images.filter((_, i) => client.heldOut?.[i] === 0),
      held: client.images.filter((_, i) => client.heldOut?.[i] === 1),
    }));
    const place = (image: { left: number; top: number }) => `${image.left},${image.top}`;
    const trained = new Set(parts.flatMap((part) => part.trained.map(place)));
    const held = parts.flatMap((part) => part.held.map(place));
    expect(held.length).toBe(173 * 3);
    expect(held.filter((h) => trained.has(h))).toEqual([]);
  });

  test('tiles are centred drawings on white: corners mostly white, middles mostly not', () => {
    const { pixels } = toImageDataset(raw, 64);
    const white = (n: number, x: number, y: number) =>
      [0, 1, 2].every((c) => pixels[((n * 64 + y) * 64 + x) * 3 + c]! > 245);
    const numbers = Array.from(raw.labels.keys());
    expect(numbers.filter((n) => white(n, 0, 0)).length / numbers.length).toBeGreaterThan(0.95);
    expect(numbers.filter((n) => white(n, 32, 32)).length / numbers.length).toBeLessThan(0.2);
  });
});

describe('fashion-mnist', () => {
  test('is balanced: 400 training and 100 test pictures a class', () => {
    const { training, heldOut } = splitHoldOut(toImageDataset(images('fashion-mnist'), 4), 0.2, 1);
    expect(classCounts(training, 10)).toEqual(new Array(10).fill(400));
    expect(classCounts(heldOut, 10)).toEqual(new Array(10).fill(100));
  });

  test('pictures are grey in three equal channels, and trousers look like trousers on average', () => {
    const raw = images('fashion-mnist');
    const { pixels, labels } = toImageDataset(raw, 28);
    expect(pixels.every((v, i) => v === pixels[i - (i % 3)])).toBe(true);
    const mean = (label: number, x: number, y: number) => {
      const of = Array.from(labels.keys()).filter((n) => labels[n] === label);
      return of.reduce((sum, n) => sum + pixels[((n * 28 + y) * 28 + x) * 3]!, 0) / of.length;
    };
    const trouser = raw.classes.indexOf('trouser');
    // Two legs with a gap between them at the lower end; white shapes on black.
    expect(mean(trouser, 10, 24)).toBeGreaterThan(2 * mean(trouser, 14, 24));
    expect(mean(trouser, 17, 24)).toBeGreaterThan(2 * mean(trouser, 14, 24));
  });
});

describe('wordnet', () => {
  let raw: RawTexts;
  beforeAll(() => {
    const texts = get('wordnet');
    if (texts.kind !== 'text') throw new Error('wordnet is not text');
    raw = texts;
  });

  test('is balanced: 600 definitions a field', () => {
    const counts = raw.classes.map((_, c) => raw.labels.filter((label) => label === c).length);
    expect(counts).toEqual(new Array(12).fill(600));
  });

  test('definitions are unique, have three words or more and no examples', () => {
    expect(new Set(raw.texts).size).toBe(7200);
    expect(raw.texts.filter((text) => text.split(' ').length < 3)).toEqual([]);
    expect(raw.texts.filter((text) => /; "/.test(text))).toEqual([]);
  });

  test('known definitions have their field', () => {
    const field = (text: string) => raw.classes[raw.labels[raw.texts.indexOf(text)] ?? -1];
    expect(field('the 17th letter of the Roman alphabet')).toBe('communication');
    expect(field('outer layer of the spore-bearing organ in many fungi')).toBe('plant');
  });
});
