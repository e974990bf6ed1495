import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { random } from '../../random.ts';
import { chanceOf, leastSkellamBits, logRatio, mostSkellamBits, skellam } from './skellam.ts';
import { cryptoWords, type RandomWords } from './words.ts';

/** By experiments/oracles/skellam.py. */
const python = z
  .object({
    ratios: z.array(z.object({ bits: z.number(), k: z.number(), ratio: z.number() })),
    cells: z.object({ edges: z.array(z.number()), chances: z.array(z.number()) }),
  })
  .parse(JSON.parse(readFileSync(new URL('../fixtures/skellam.json', import.meta.url), 'utf8')));

const seeded = (seed: string): RandomWords => {
  const { uniform } = random(seed);
  return { next: () => Math.floor(uniform() * 2 ** 32) };
};

/** Pearson's statistic; it is passed by chance but in 1 of some thousand streams. */
function expectFits(counts: readonly number[], chances: readonly number[]): void {
  const total = counts.reduce((a, b) => a + b, 0);
  const statistic = counts.reduce(
    (sum, n, i) => sum + (n - total * chances[i]!) ** 2 / (total * chances[i]!),
    0,
  );
  const free = counts.length - 1;
  expect(statistic).toBeLessThan(free + 4 * Math.sqrt(2 * free));
}

describe('skellam', () => {
  it.each(python.ratios)(
    'is so much more likely than the Gaussian: 2^$bits, $k (mpmath)',
    ({ bits, k, ratio }) => {
      expect(Math.abs(logRatio(k, bits) - ratio)).toBeLessThan(2e-16 + 1e-13 * Math.abs(ratio));
      expect(logRatio(-k, bits)).toBe(logRatio(k, bits));
    },
  );

  it('takes no proposal with less than the chance that none is asked below, and none with more than 1', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: leastSkellamBits, max: mostSkellamBits }),
        fc.double({ min: 0, max: 16, noNaN: true }),
        (bits, deviations) => {
          const chance = chanceOf(Math.floor(deviations * 2 ** bits), bits);
          const least = Math.exp(-logRatio(16 * 2 ** bits, bits) - 1 / 4 ** bits);
          expect(chance).toBeGreaterThanOrEqual(least - 2 ** -50);
          expect(chance).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  it('takes proposals as often as it should: all at 16 deviations, 1 in 385 fewer at 0, and none beyond', () => {
    const tries = 2_000_000;
    const taken = (k: number) => {
      let proposed = 0;
      const draw = skellam(seeded(`taken ${k}`), 10, () => {
        proposed += 1;
        return k;
      });
      for (let i = 0; i < tries; i++) draw();
      return proposed - tries;
    };
    expect(taken(16 * 1024)).toBe(0);
    const rejected = 1 / chanceOf(0, 10) - 1;
    expect(rejected).toBeGreaterThan(0.0025);
    // geometric: within four deviations
    expect(Math.abs(taken(0) - tries * rejected)).toBeLessThan(4 * Math.sqrt(tries * rejected));
    const proposals = [16 * 1024 + 1, -16 * 1024 - 1, 5];
    expect(skellam(seeded('beyond'), 10, () => proposals.shift()!)()).toBe(5);
  });

  it('has the probabilities of scipy, by chi-square over 98 cells', () => {
    const { edges, chances } = python.cells;
    const draw = skellam(seeded('cells'), 10);
    const counts = new Array<number>(chances.length).fill(0);
    for (let i = 0; i < 500_000; i++) {
      const k = draw();
      // cell i is (edge i - 1, edge i]
      const cell = Math.min(edges.length, Math.max(0, Math.ceil((k - edges[0]!) / (edges[1]! - edges[0]!))));
      counts[cell]! += 1;
    }
    expectFits(counts, chances);
  });

  it('has the variance 4^bits, and a sum of n of them n times that, as Poisson numbers have', () => {
    for (const bits of [10, 17, 26]) {
      const draw = skellam(seeded(`variance ${bits}`), bits);
      const draws = 200_000;
      let squares = 0;
      let sums = 0;
      for (let i = 0; i < draws / 5; i++) {
        const five = Array.from({ length: 5 }, () => draw() / 2 ** bits);
        for (const x of five) squares += x * x;
        sums += five.reduce((a, b) => a + b, 0) ** 2;
      }
      expect(Math.abs(squares - draws)).toBeLessThan(4 * Math.sqrt(2 * draws));
      // five times the variance, of a fifth of the numbers
      expect(Math.abs(sums / 5 - draws / 5)).toBeLessThan(4 * Math.sqrt((2 * draws) / 5));
    }
  });

  it('is closed under sums: four of deviation 2^10 are as one of 2^11, by chi-square beside the Gaussian of that', () => {
    const [part, whole] = [skellam(seeded('part'), 10), skellam(seeded('whole'), 11)];
    const cell = (k: number) => Math.min(20, Math.max(0, Math.round(k / 512) + 10));
    const sums = new Array<number>(21).fill(0);
    const wholes = new Array<number>(21).fill(0);
    for (let i = 0; i < 100_000; i++) {
      sums[cell(part() + part() + part() + part())]! += 1;
      wholes[cell(whole())]! += 1;
    }
    // two samples: chi-square of 20 degrees
    const statistic = sums.reduce(
      (all, n, i) => all + (n - wholes[i]!) ** 2 / Math.max(1, n + wholes[i]!),
      0,
    );
    expect(statistic).toBeLessThan(20 + 4 * Math.sqrt(40));
  });

  it('gives numbers that an int32 holds, from words of the system too, and no others are asked for', () => {
    const draw = skellam(cryptoWords(), mostSkellamBits);
    for (let i = 0; i < 20_000; i++) {
      const k = draw();
      expect(k | 0).toBe(k);
    }
    for (const bits of [9, 27, 12.5]) expect(() => skellam(cryptoWords(), bits)).toThrow('No noise');
  });
});
