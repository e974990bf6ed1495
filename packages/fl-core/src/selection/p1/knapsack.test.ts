import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Knapsack } from './knapsack.ts';

/** All subsets, tried one by one. */
function bestValue(
  values: readonly number[],
  costs: readonly number[],
  budget: number,
  reach?: readonly number[],
): number {
  let best = 0;
  for (let bits = 0; bits < 2 ** values.length; bits++) {
    const inside = (l: number) => (bits >> l) & 1;
    const down = reach?.find((_, l) => inside(l) === 1) ?? 0;
    const cost = costs.reduce((sum, c, l) => sum + c * inside(l), down);
    if (cost > budget * (1 + 1e-12)) continue;
    best = Math.max(
      best,
      values.reduce((sum, v, l) => sum + v * inside(l), 0),
    );
  }
  return best;
}

const item = fc.record({
  value: fc.double({ min: -1, max: 3, noNaN: true }),
  cost: fc.double({ min: 0.1, max: 5, noNaN: true }),
});

describe('Knapsack', () => {
  it('finds the value that trying all subsets finds, within the budget', () => {
    fc.assert(
      fc.property(
        fc.array(item, { minLength: 1, maxLength: 9 }),
        fc.double({ min: 0, max: 15, noNaN: true }),
        fc.boolean(),
        (items, budget, unit) => {
          const values = items.map((i) => i.value);
          const costs = items.map((i) => (unit ? 1 : i.cost));
          const knapsack = new Knapsack(costs);
          const found = knapsack.solve(Float64Array.from(values), budget);
          expect(found).toBeCloseTo(bestValue(values, costs, budget), 9);
          expect(knapsack.bound).toBe(found);
          const chosen = costs.map((_, l) => knapsack.chosen[l]!);
          expect(costs.reduce((sum, c, l) => sum + c * chosen[l]!, 0)).toBeLessThanOrEqual(budget + 1e-9);
          expect(values.reduce((sum, v, l) => sum + v * chosen[l]!, 0)).toBeCloseTo(found, 9);
        },
      ),
    );
  });

  it('finds the value that trying all subsets finds when depth costs, too', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(item, fc.double({ min: 0, max: 3, noNaN: true })), { minLength: 1, maxLength: 9 }),
        fc.double({ min: 0, max: 25, noNaN: true }),
        fc.boolean(),
        (items, budget, unit) => {
          const values = items.map(([i]) => i.value);
          const costs = items.map(([i]) => (unit ? 1 : i.cost));
          const reach = items.map((_, l) => items.slice(l).reduce((sum, [, passing]) => sum + passing, 0));
          const knapsack = new Knapsack(costs, reach);
          const found = knapsack.solve(Float64Array.from(values), budget);
          expect(found).toBeCloseTo(bestValue(values, costs, budget, reach), 9);
          expect(knapsack.bound).toBeCloseTo(found, 12);
          const taken = [...knapsack.chosen.keys()].filter((l) => knapsack.chosen[l] === 1);
          const down = taken.length > 0 ? reach[taken[0]!]! : 0;
          expect(taken.reduce((sum, l) => sum + costs[l]!, down)).toBeLessThanOrEqual(budget + 1e-9);
          expect(taken.reduce((sum, l) => sum + values[l]!, 0)).toBeCloseTo(found, 9);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('prefers the pair over the single best ratio', () => {
    const knapsack = new Knapsack([3, 2, 2]);
    expect(knapsack.solve(Float64Array.of(3.3, 2, 2), 4)).toBe(4);
    expect([...knapsack.chosen]).toEqual([0, 1, 1]);
  });

  it('takes nothing for a budget of zero, and the earlier of two equal layers', () => {
    const knapsack = new Knapsack([1, 1, 1]);
    expect(knapsack.solve(Float64Array.of(1, 1, 1), 0)).toBe(0);
    knapsack.solve(Float64Array.of(1, 1, 1), 1);
    expect([...knapsack.chosen]).toEqual([1, 0, 0]);
  });

  it('keeps a valid upper bound when a hard instance exceeds its nodes', () => {
    // value = cost: every ratio is the same, so that the fractional bound prunes nothing
    const costs = Array.from({ length: 48 }, (_, l) => 1000.37 + 2 * Math.sqrt(l + 2));
    const knapsack = new Knapsack(costs);
    const budget = costs.reduce((a, b) => a + b, 0) / 2;
    const found = knapsack.solve(Float64Array.from(costs), budget);
    expect(found).toBeLessThanOrEqual(knapsack.bound);
    expect(knapsack.bound).toBeLessThanOrEqual(budget * (1 + 1e-9));
    expect(found).toBeGreaterThan(0.95 * budget);
  });
});
