import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TextBatch } from '../models/batch.ts';
import { random } from '../random.ts';
import { batches, bucketOf } from './batches.ts';
import type { TokenDataset } from './dataset.ts';
import {
  labelsOf,
  numberedImages,
  numberedPairs,
  numberedPassages,
  numberedSets,
  numberedTexts,
  range,
  seeds,
} from './testing.ts';

const texts = (seed: number, count: number) =>
  numberedTexts(range(count).map(() => 1 + random(seed, 'length').below(128)));

describe('batches of images', () => {
  test('without a seed: the order of the data, the remainder last', () => {
    const all = [...batches(numberedImages([0, 1, 0, 1, 0]), { batchSize: 2 })];
    expect(all.map((b) => b.size)).toEqual([2, 2, 1]);
    expect(all.flatMap((b) => [...labelsOf(b)])).toEqual([0, 1, 0, 1, 0]);
    expect(all.map((b) => b.kind === 'image' && b.pixels[0])).toEqual([0, 2, 4]);
  });

  test('pixels stay with their labels when shuffled', () => {
    const labels = range(50).map((i) => (i * 7) % 5);
    for (const batch of batches(numberedImages(labels), { batchSize: 8, seed: 4 })) {
      if (batch.kind !== 'image') throw new Error('an image batch is expected');
      for (let row = 0; row < batch.size; row++) {
        expect(labelsOf(batch)[row]).toBe(labels[batch.pixels[row * 12]!]);
      }
    }
  });

  test('the same seed gives the same batches, another seed others', () => {
    const order = (seed: number) =>
      [...batches(numberedImages(range(100)), { batchSize: 9, seed })].flatMap((b) => [...labelsOf(b)]);
    expect(order(1)).toEqual(order(1));
    expect(order(1)).not.toEqual(order(2));
  });

  test('maxBatches ends the epoch early; 0 does not', () => {
    const data = numberedImages(range(40));
    expect([...batches(data, { batchSize: 8, seed: 1, maxBatches: 2 })]).toHaveLength(2);
    expect([...batches(data, { batchSize: 8, seed: 1, maxBatches: 0 })]).toHaveLength(5);
  });

  test('an empty dataset gives no batch, a batch size of 0 is refused', () => {
    expect([...batches(numberedImages([]), { batchSize: 4 })]).toEqual([]);
    expect(() => [...batches(numberedImages([0]), { batchSize: 0 })]).toThrow(RangeError);
  });
});

describe('batches of text', () => {
  test('buckets are powers of two from 8', () => {
    expect([0, 1, 8, 9, 16, 17, 128, 129].map(bucketOf)).toEqual([8, 8, 8, 16, 16, 32, 128, 256]);
  });

  test('any data, any batch size: every sample once, padded with 0, all batches full but one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 140 }), { maxLength: 120 }),
        fc.integer({ min: 1, max: 40 }),
        fc.option(seeds, { nil: undefined }),
        (lengths, batchSize, seed) => {
          const data = numberedTexts(lengths);
          const all = [...batches(data, { batchSize, ...(seed === undefined ? {} : { seed }) })];
          const seen: number[] = [];
          for (const batch of all) {
            if (batch.kind !== 'text') throw new Error('a text batch is expected');
            expect(batch.length).toBe(bucketOf(Math.max(...batch.lengths)));
            for (let row = 0; row < batch.size; row++) {
              const ids = [...batch.ids.subarray(row * batch.length, (row + 1) * batch.length)];
              const sample = ids[0]! - 1;
              seen.push(sample);
              expect(batch.lengths[row]).toBe(lengths[sample]);
              expect(labelsOf(batch)[row]).toBe(data.labels[sample]);
              expect(ids).toEqual(ids.map((_, t) => (t < lengths[sample]! ? sample + 1 : 0)));
            }
          }
          expect(seen.sort((a, b) => a - b)).toEqual(range(lengths.length));
          expect(all).toHaveLength(Math.ceil(lengths.length / batchSize));
          expect(all.filter((b) => b.size < batchSize).length).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  test('grouping saves padding: over 500 texts, under 40 % of the ids are padding and few rows are mixed', () => {
    let padding = 0;
    let ids = 0;
    for (const batch of batches(texts(3, 500), { batchSize: 16, seed: 3 })) {
      if (batch.kind !== 'text') throw new Error('a text batch is expected');
      ids += batch.ids.length;
      padding += batch.ids.filter((id) => id === 0).length;
    }
    expect(padding / ids).toBeLessThan(0.4);
  });

  test('sampling stays random: over many seeds each sample is about as often in the first batch', () => {
    const data = texts(5, 64);
    const hits = new Array<number>(64).fill(0);
    const draws = 2000;
    for (let seed = 0; seed < draws; seed++) {
      for (const batch of batches(data, { batchSize: 8, seed, maxBatches: 1 })) {
        if (batch.kind === 'text') for (let r = 0; r < 8; r++) hits[batch.ids[r * batch.length]! - 1]! += 1;
      }
    }
    // Expected 250 each, standard deviation under 15: five of them either way.
    expect(Math.min(...hits)).toBeGreaterThan(175);
    expect(Math.max(...hits)).toBeLessThan(325);
  });
});

describe('batches of pairs, several labels and passages', () => {
  const shape = {
    lengths: fc.array(fc.integer({ min: 2, max: 70 }), { maxLength: 60 }),
    batchSize: fc.integer({ min: 1, max: 20 }),
    seed: fc.option(seeds, { nil: undefined }),
  };
  /** Every row of one epoch: which sample it is, and where it stands. */
  function* rows(data: TokenDataset, of: { readonly batchSize: number; readonly seed?: number | undefined }) {
    const { batchSize, seed } = of;
    for (const batch of batches(data, { batchSize, ...(seed === undefined ? {} : { seed }) })) {
      if (batch.kind !== 'text') throw new Error('a text batch is expected');
      for (let row = 0; row < batch.size; row++) yield { batch, row };
    }
  }
  const cut = (values: Int32Array, { length }: TextBatch, row: number) => [
    ...values.subarray(row * length, (row + 1) * length),
  ];

  test('any pairs: segments stay with their tokens, 0 at padding', () => {
    fc.assert(
      fc.property(fc.record(shape), ({ lengths, ...of }) => {
        const data = numberedPairs(lengths);
        let seen = 0;
        for (const { batch, row } of rows(data, of)) {
          const sample = batch.ids[row * batch.length]! - 1;
          const expected = new Array<number>(batch.length).fill(0);
          data.segments?.[sample]?.forEach((segment, t) => {
            expected[t] = segment;
          });
          expect(cut(batch.segments ?? new Int32Array(), batch, row)).toEqual(expected);
          expect(labelsOf(batch)[row]).toBe(data.labels[sample]);
          seen += 1;
        }
        expect(seen).toBe(lengths.length);
      }),
    );
  });

  test('single texts have no segments', () => {
    expect([...batches(numberedTexts([3, 4]), { batchSize: 2 })].map((b) => 'segments' in b)).toEqual([
      false,
    ]);
  });

  test('any sets of labels: flags stay with their texts', () => {
    fc.assert(
      fc.property(fc.record(shape), fc.integer({ min: 1, max: 7 }), ({ lengths, ...of }, classes) => {
        const data = numberedSets(lengths, classes);
        const seen: number[] = [];
        for (const { batch, row } of rows(data, of)) {
          const { targets } = batch;
          if (targets.kind !== 'label-sets') throw new Error('label sets are expected');
          const sample = batch.ids[row * batch.length]! - 1;
          seen.push(sample);
          expect(targets.classes).toBe(classes);
          expect([...targets.flags.subarray(row * classes, (row + 1) * classes)]).toEqual([
            ...data.flags.subarray(sample * classes, (sample + 1) * classes),
          ]);
        }
        expect(seen.sort((a, b) => a - b)).toEqual(range(lengths.length));
      }),
    );
  });

  test('any passages: targets are the ids shifted by one, -1 at ends and padding', () => {
    fc.assert(
      fc.property(fc.record(shape), ({ lengths, ...of }) => {
        const seen: number[] = [];
        for (const { batch, row } of rows(numberedPassages(lengths), of)) {
          if (batch.targets.kind !== 'next-tokens') throw new Error('next tokens are expected');
          const ids = cut(batch.ids, batch, row);
          const sample = Math.floor(ids[0]! / 1000);
          const length = lengths[sample]!;
          seen.push(sample);
          expect(batch.lengths[row]).toBe(length);
          expect(ids).toEqual(ids.map((_, t) => (t < length ? 1000 * sample + t + 1 : 0)));
          expect(cut(batch.targets.ids, batch, row)).toEqual(
            ids.map((_, t) => (t + 1 < length ? 1000 * sample + t + 2 : -1)),
          );
        }
        expect(seen.sort((a, b) => a - b)).toEqual(range(lengths.length));
      }),
    );
  });
});
