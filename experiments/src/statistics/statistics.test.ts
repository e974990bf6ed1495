import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { intervalOf, studentT } from './interval.ts';
import { kendall, ranksOf, spearman } from './ranks.ts';

/** By statistics.py. */
const scipy = z
  .object({
    pairs: z.array(
      z.object({
        a: z.array(z.number()),
        b: z.array(z.number()),
        spearman: z.number(),
        kendall: z.number(),
      }),
    ),
    t: z.record(z.string(), z.number()),
  })
  .parse(JSON.parse(readFileSync(new URL('./statistics.json', import.meta.url), 'utf8')));

describe('rank correlations', () => {
  it.each(scipy.pairs)('are those of SciPy, ties included', ({ a, b, ...given }) => {
    expect(spearman(a, b)).toBeCloseTo(given.spearman, 12);
    expect(kendall(a, b)).toBeCloseTo(given.kendall, 12);
  });

  it('by hand: two neighbours of four turned round', () => {
    const [a, b] = [
      [1, 2, 3, 4],
      [10, 30, 20, 40],
    ];
    expect(spearman(a, b)).toBeCloseTo(1 - (6 * 2) / (4 * 15), 12);
    expect(kendall(a, b)).toBeCloseTo((5 - 1) / 6, 12);
  });

  it('are 1 and -1 for any rising and falling function, and nothing where one side is all alike', () => {
    const values = [-3, 0.1, 2, 50];
    for (const correlation of [spearman, kendall]) {
      expect(correlation(values, values.map(Math.exp))).toBeCloseTo(1, 12);
      expect(
        correlation(
          values,
          values.map((v) => -v),
        ),
      ).toBeCloseTo(-1, 12);
      expect(correlation(values, [7, 7, 7, 7])).toBeNull();
      expect(() => correlation(values, [1])).toThrow(RangeError);
    }
  });

  it('equal values share their ranks', () => {
    expect(ranksOf([5, 1, 5, 0, 5])).toEqual([4, 2, 4, 1, 4]);
  });
});

describe('intervals', () => {
  it("have SciPy's quantiles", () => {
    for (const [freedom, t] of Object.entries(scipy.t)) expect(studentT(Number(freedom))).toBeCloseTo(t, 3);
  });

  it('by hand', () => {
    // Standard deviation 1 of three values: 4.30265 / sqrt(3).
    expect(intervalOf([1, 2, 3])).toMatchObject({ mean: 2, count: 3 });
    expect(intervalOf([1, 2, 3])?.margin).toBeCloseTo(4.30265273 / Math.sqrt(3), 6);
    expect(intervalOf([4])).toEqual({ mean: 4, margin: null, count: 1 });
    expect(intervalOf([])).toBeNull();
  });
});
