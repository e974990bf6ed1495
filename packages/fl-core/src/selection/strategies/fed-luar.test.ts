import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createStrategy } from '../create.ts';
import type { SelectionInput } from '../strategy.ts';

const strategy = createStrategy({ name: 'fedluar' });
const layers = ['a', 'b', 'c', 'd'];

const inputOf = (lastChanges: readonly (number | null)[], round: number, budgets = [2]): SelectionInput => ({
  layers,
  costs: [1, 1, 1, 1],
  clients: budgets.map((budget, i) => ({ id: `c${i}`, samples: 1, budget, scores: null })),
  round,
  seed: 7,
  lastChanges,
});

describe('fedluar', () => {
  it('trains first what was never trained, drawn by lot', () => {
    const masks = Array.from(
      { length: 40 },
      (_, i) => strategy.select(inputOf([1, null, 1, null], i + 1)).masks.c0,
    );
    expect(new Set(masks.map((m) => m!.join()))).toEqual(new Set(['b,d']));
    const fresh = Array.from(
      { length: 40 },
      (_, i) => strategy.select(inputOf(Array(4).fill(null), i + 1)).masks.c0,
    );
    expect(new Set(fresh.map((m) => m!.join())).size).toBeGreaterThan(3);
  });

  it('recycles by probabilities in proportion to 1 / s, as numpy draws them without replacement', () => {
    // p = 1/s over their sum: 8/15, 4/15, 2/15, 1/15; worked by hand for the first layer drawn of one that is recycled.
    const rounds = 20_000;
    const recycled = new Map<string, number>();
    for (let round = 1; round <= rounds; round++) {
      const mask = strategy.select(inputOf([1, 2, 4, 8], round, [3])).masks.c0!;
      const left = layers.find((l) => !mask.includes(l))!;
      recycled.set(left, (recycled.get(left) ?? 0) + 1);
    }
    for (const [l, p] of [8, 4, 2, 1].entries())
      expect(Math.abs(recycled.get(layers[l]!)! / rounds - p / 15)).toBeLessThan(0.015);
  });

  it('has one draw for everybody: larger budgets hold what smaller ones hold', () => {
    const change = fc.option(fc.double({ min: 0, max: 10, noNaN: true }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 4, maxLength: 4 }), fc.nat(99), (changes, round) => {
        const { masks } = strategy.select(inputOf(changes, round + 1, [1, 2, 3]));
        expect([masks.c0, masks.c1, masks.c2].map((m) => m!.length)).toEqual([1, 2, 3]);
        for (const layer of masks.c0!) expect(masks.c1).toContain(layer);
        for (const layer of masks.c1!) expect(masks.c2).toContain(layer);
      }),
    );
  });
});
