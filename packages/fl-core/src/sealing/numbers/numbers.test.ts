import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { repeatable } from '../testing/index.ts';
import { firstClip, nextClip } from './clip.ts';
import { gridFor, meanOf, stepOf, toWords } from './fixed-point.ts';
import { mostWeight, weightOf } from './weight.ts';

describe('fixed point', () => {
  it('cannot leave an int32 in a sum, with everybody at the end of the grid', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 64 }),
        fc.double({ min: 1e-9, max: 1e9, noNaN: true }),
        (members, weight, clip) => {
          const grid = gridFor(members, weight, clip);
          const ends = new Float32Array([clip, -clip, 2 * clip, -2 * clip]);
          const { words } = toWords(ends, weight, grid, { bytes: (n) => new Uint8Array(n).fill(255) });
          for (const word of words) expect(Math.abs(word) * members).toBeLessThan(2 ** 31);
          // and it is not much coarser than it could be
          expect(Math.abs(words[0]!) * members).toBeGreaterThan(2 ** 31 - 3 * members - 1e-6 * 2 ** 31);
        },
      ),
    );
  });

  it('rounds up with the probability of what is over: the mean of many is the value (Hoeffding, 1e-9)', () => {
    const grid = { scale: 1, clip: 10 };
    const count = 100_000;
    for (const value of [0.25, -0.25, 0.9, -3.5, 2]) {
      const { words } = toWords(new Float32Array(count).fill(value), 1, grid, repeatable(value));
      const mean = words.reduce((a, b) => a + b, 0) / count;
      expect(Math.abs(mean - Math.fround(value))).toBeLessThan(Math.sqrt(Math.log(2e9) / (2 * count)));
      expect(new Set(words).size).toBe(Number.isInteger(value) ? 1 : 2);
    }
  });

  it('brings back the weighted mean to within one step a member', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            weight: fc.integer({ min: 1, max: 64 }),
            value: fc.float({ min: Math.fround(-0.1), max: Math.fround(0.1), noNaN: true }),
          }),
          { minLength: 1, maxLength: 30 },
        ),
        fc.integer(),
        (members, seed) => {
          const grid = gridFor(members.length, 64, 0.1);
          const sum = new Int32Array(1);
          let weight = 0;
          let exact = 0;
          for (const [i, m] of members.entries()) {
            sum[0] =
              sum[0]! + toWords(new Float32Array([m.value]), m.weight, grid, repeatable(seed, i)).words[0]!;
            weight += m.weight;
            exact += m.weight * Math.max(-0.1, Math.min(0.1, m.value));
          }
          const error = Math.abs(meanOf(sum, weight, grid)[0]! - exact / weight);
          expect(error).toBeLessThan(members.length * stepOf(grid, weight) + 1e-8);
        },
      ),
    );
  });

  it('counts what it clamps, and refuses what is no number', () => {
    const grid = gridFor(3, 64, 0.5);
    const rounded = toWords(new Float32Array([0.5, -0.5, 0.50001, -7, 0]), 1, grid, repeatable(1));
    expect(rounded.clamped).toBe(2);
    expect(rounded.words[2]).toBe(rounded.words[0]);
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => toWords(new Float32Array([0, value]), 1, grid, repeatable(1))).toThrow('Value 1');
    }
  });

  it('refuses so many members that nothing is left of a value', () => {
    expect(() => gridFor(2 ** 26, 64, 0.1)).toThrow('cannot be summed in 32 bits');
    expect(() => gridFor(3, 64, 0)).toThrow('values up to 0');
  });
});

describe('the weight of a participant', () => {
  it('is a share of what counts at most in 64ths, and never nothing', () => {
    expect([0, 1, 50, 100, 1000].map((samples) => weightOf(samples, 100))).toEqual([1, 1, 32, 64, 64]);
    expect(weightOf(0, 1)).toBe(1);
    expect(weightOf(5, 5)).toBe(mostWeight);
  });
});

describe('the clip of a layer', () => {
  const after = (clamped: readonly number[], largest: number) =>
    clamped.reduce((clip, count) => nextClip(clip, count, 10_000, largest), firstClip);

  it('doubles when more than a thousandth was clamped, and waits when less was', () => {
    expect(after([11], 0)).toEqual({ value: 0.2, calm: 0 });
    expect(after([10], 0)).toEqual({ value: 0.1, calm: 0 });
    expect(after([0, 0, 10], 0)).toEqual({ value: 0.1, calm: 0 });
  });

  it('halves after five rounds without any, but keeps four times the largest change inside', () => {
    expect(after([0, 0, 0, 0], 0.001)).toEqual({ value: 0.1, calm: 4 });
    expect(after([0, 0, 0, 0, 0], 0.0125)).toEqual({ value: 0.05, calm: 0 });
    expect(after([0, 0, 0, 0, 0], 0.013)).toEqual({ value: 0.1, calm: 0 });
  });
});
