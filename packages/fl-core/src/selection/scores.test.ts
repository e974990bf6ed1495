import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createStrategy } from './create.ts';
import { scaledScores, scoreShares } from './scores.ts';
import type { StrategyInput } from './strategies/index.ts';

const layers = ['a', 'b', 'c', 'd'];
const honest = [0.4, 0.35, 0.2, 0.001];
const liar = [0, 0, 0, 1e9];

/** Five clients, each with room for one layer; the masks of the four that are honest. */
function chosen(strategy: StrategyInput, scale: 'share' | 'raw', lie: readonly number[] = liar): string[] {
  const scores = scaledScores(scale, [lie, honest, honest, honest, honest]);
  const clients = scores.map((row, i) => ({ id: `c${i}`, samples: 1, budget: 1, scores: row }));
  const input = { layers, costs: layers.map(() => 1), clients, round: 1, seed: 1 };
  const made = createStrategy(strategy);
  const { masks } = made.needs === 'history' ? made.select(input, null) : made.select(input);
  return [1, 2, 3, 4].map((i) => masks[`c${i}`]?.join() ?? '');
}

const score = fc.oneof(
  fc.double({ min: 0, max: Number.MAX_VALUE, noNaN: true }),
  fc.constantFrom(0, 5e-324, 1, 1e9),
);

describe('shares of scores', () => {
  it.each<StrategyInput>([
    { name: 'strata', lambda: 0.5 },
    { name: 'strata', lambda: 10 },
    { name: 'diversity', reward: 0.01 },
    { name: 'adagrad-select' },
  ])('one of five that claims 1e9 does not steer the others: $name $lambda', (strategy) => {
    expect(chosen(strategy, 'share')).toEqual(['a', 'a', 'a', 'a']);
    expect(chosen(strategy, 'share', [0, 0, 0, 1e300])).toEqual(['a', 'a', 'a', 'a']);
  });

  it('raw scores are what the clients brought, and then one of five steers all', () => {
    expect(scaledScores('raw', [liar, honest, null])).toEqual([liar, honest, null]);
    for (const lambda of [0.5, 10]) {
      expect(chosen({ name: 'strata', lambda }, 'raw')).toEqual(['d', 'd', 'd', 'd']);
    }
  });

  it('keep each client’s order and ratios, are no more than 1 in sum, and no larger than the median of the largest', () => {
    const cohort = fc.array(fc.array(score, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 7 });
    fc.assert(
      fc.property(cohort, (scores) => {
        const shares = scoreShares(scores);
        const tops = scores.flatMap((row) => {
          const top = Math.max(...row);
          return top > 0 ? [1 / row.reduce((sum, s) => sum + s / top, 0)] : [];
        });
        const most = tops.sort((a, b) => a - b)[(tops.length - 1) >> 1] ?? 0;
        for (const [i, row] of scores.entries()) {
          const share = shares[i]!;
          expect(share.every((s) => Number.isFinite(s) && s >= 0 && s <= most * (1 + 1e-12))).toBe(true);
          expect(share.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(1 + 1e-12);
          const [top, shareTop] = [Math.max(...row), Math.max(...share)];
          if (top === 0) expect(share).toEqual(row);
          else for (const [l, s] of row.entries()) expect(share[l]! / shareTop).toBeCloseTo(s / top, 9);
        }
      }),
    );
  });

  it('one of n cannot give a layer more than a typical client gives its best', () => {
    fc.assert(
      fc.property(
        fc.array(score, { minLength: 4, maxLength: 4 }),
        fc.integer({ min: 2, max: 9 }),
        (lie, others) => {
          const shares = scoreShares([lie, ...Array.from({ length: others }, () => honest)]);
          const typical = Math.max(...scoreShares([honest])[0]!);
          expect(Math.max(...shares[0]!)).toBeLessThanOrEqual(typical * (1 + 1e-12));
        },
      ),
    );
  });

  it('a client that brought none has none', () => {
    expect(scoreShares([null, [1, 3], null])).toEqual([null, [0.25, 0.75], null]);
    expect(scoreShares([null])).toEqual([null]);
  });
});
