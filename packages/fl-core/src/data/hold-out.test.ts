import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { viewOf } from './datasets/index.ts';
import { splitHoldOut } from './hold-out.ts';
import {
  numberedImages,
  numberedPassages,
  numberedSets,
  numberedTexts,
  range,
  seeds,
  union,
} from './testing.ts';

const samples = (labels: readonly number[], share: number, seed: number) => {
  const { training, heldOut } = splitHoldOut(numberedImages(labels, 1), share, seed);
  const numbers = (d: typeof training) => range(d.labels.length).map((i) => d.pixels[i * 3]!);
  return { training: numbers(training), heldOut: numbers(heldOut) };
};

describe('splitHoldOut', () => {
  test('any labels, share and seed: a partition, stratified, each class keeps a training sample', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0.05, max: 0.5, noNaN: true }),
        seeds,
        (labels, share, seed) => {
          const { training, heldOut } = samples(labels, share, seed);
          expect(union([training, heldOut])).toEqual(range(labels.length));
          const counts = (part: readonly number[], c: number) => part.filter((i) => labels[i] === c).length;
          for (const c of new Set(labels)) {
            const all = counts(range(labels.length), c);
            expect(counts(training, c)).toBeGreaterThanOrEqual(1);
            expect(Math.abs(counts(heldOut, c) - share * all)).toBeLessThanOrEqual(1);
          }
          if (new Set(labels).size < labels.length) expect(heldOut.length).toBeGreaterThanOrEqual(1);
        },
      ),
    );
  });

  test('holds out the share of the whole even when every class is small', () => {
    const labels = range(200).map((i) => i % 50); // four samples a class, 0.2 of which is 0.8
    expect(samples(labels, 0.2, 1).heldOut).toHaveLength(40);
  });

  test('is a pure function of the seed', () => {
    const labels = range(100).map((i) => i % 3);
    expect(samples(labels, 0.2, 7)).toEqual(samples(labels, 0.2, 7));
    expect(samples(labels, 0.2, 7)).not.toEqual(samples(labels, 0.2, 8));
  });

  test('data with a split of its own keeps it', () => {
    const data = { ...numberedTexts([1, 2, 3, 4]), heldOut: Uint8Array.of(0, 1, 0, 0) };
    const { training, heldOut } = splitHoldOut(data, 0.5, 1);
    expect(training.tokens.map((t) => t.length)).toEqual([1, 3, 4]);
    expect(heldOut.tokens.map((t) => t.length)).toEqual([2]);
  });

  test('a given split that leaves a part empty is replaced by a drawn one', () => {
    const data = { ...numberedTexts([1, 2, 3, 4, 5, 6], 2), heldOut: new Uint8Array(6) };
    expect(splitHoldOut(data, 0.5, 1).heldOut.labels.length).toBeGreaterThan(0);
  });

  test('any sets of labels, share and seed: a partition, stratified by the rarest class', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 150 }),
        fc.double({ min: 0.05, max: 0.5, noNaN: true }),
        seeds,
        (classes, count, share, seed) => {
          const sets = numberedSets(
            range(count).map(() => 2),
            classes,
          );
          const strata = viewOf(sets).strata();
          const { training, heldOut } = splitHoldOut(sets, share, seed);
          const numbers = (part: typeof sets) => part.tokens.map((ids) => ids[0]! - 1);
          expect(union([numbers(training), numbers(heldOut)])).toEqual(range(count));
          for (const part of [training, heldOut]) {
            numbers(part).forEach((i, row) => {
              expect(part.flags.subarray(row * classes, (row + 1) * classes)).toEqual(
                sets.flags.subarray(i * classes, (i + 1) * classes),
              );
            });
          }
          for (const stratum of new Set(strata)) {
            const of = (part: readonly number[]) => part.filter((i) => strata[i] === stratum).length;
            expect(of(numbers(training))).toBeGreaterThanOrEqual(1);
            expect(Math.abs(of(numbers(heldOut)) - share * of(range(count)))).toBeLessThanOrEqual(1);
          }
        },
      ),
    );
  });

  test('passages: the share of all of them, each in one part', () => {
    const { training, heldOut } = splitHoldOut(numberedPassages(range(50).map(() => 4)), 0.2, 3);
    const numbers = (part: typeof training) => part.tokens.map((ids) => Math.floor(ids[0]! / 1000));
    expect(heldOut.tokens).toHaveLength(10);
    expect(union([numbers(training), numbers(heldOut)])).toEqual(range(50));
  });

  test.each([0, 1, -0.1, Number.NaN])('refuses the share %s', (share) => {
    expect(() => splitHoldOut(numberedImages([0, 1]), share, 1)).toThrow(RangeError);
  });
});
