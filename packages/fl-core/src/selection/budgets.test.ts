import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StrataError } from '../error.ts';
import { random } from '../random.ts';
import { adaptiveBudget, type BudgetPolicy, budgetOf, halfNormalBudget } from './budgets.ts';

const client = { id: 'c', wish: null, rounds: [] };

describe('budgetOf', () => {
  it('fixed and participant', () => {
    expect(budgetOf({ kind: 'fixed', amount: 2 }, { ...client, wish: 9 }, 1)).toBe(2);
    expect(budgetOf({ kind: 'participant', fallback: 2 }, { ...client, wish: 9 }, 1)).toBe(9);
    expect(budgetOf({ kind: 'participant', fallback: 2 }, client, 1)).toBe(2);
  });

  it('R11: drawn budgets are whole, within their range, the same for the same seed and client', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.uuid(),
        fc.constantFrom('uniform' as const, 'half-normal' as const),
        fc.integer({ min: 0, max: 3 }),
        fc.nat(4),
        (seed, id, distribution, min, width) => {
          const policy: BudgetPolicy = { kind: 'drawn', distribution, min, max: min + width };
          const budget = budgetOf(policy, { ...client, id }, seed);
          expect(Number.isInteger(budget)).toBe(true);
          expect(budget).toBeGreaterThanOrEqual(min);
          expect(budget).toBeLessThanOrEqual(min + width);
          expect(budgetOf(policy, { ...client, id }, seed)).toBe(budget);
        },
      ),
    );
  });

  it('refuses nonsense', () => {
    expect(() => budgetOf({ kind: 'fixed', amount: -1 }, client, 1)).toThrow(StrataError);
    const upsideDown: BudgetPolicy = { kind: 'drawn', distribution: 'uniform', min: 3, max: 1 };
    expect(() => budgetOf(upsideDown, client, 1)).toThrow(StrataError);
  });
});

describe('halfNormalBudget', () => {
  it('on [1, 4] has the frequencies of the truncated half-normal distribution', () => {
    const draws = random('test');
    const n = 20_000;
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < n; i++) counts[halfNormalBudget(1, 4, draws) - 1]!++;
    // P(k - 1 <= |2 Z| < k) / P(|2 Z| < 4), from a table of the normal distribution
    const expected = [0.382925, 0.299764, 0.183697, 0.088114].map((p) => p / 0.9545);
    counts.forEach((count, k) => {
      expect(count / n).toBeCloseTo(expected[k]!, 1.7);
    });
  });
});

describe('adaptiveBudget', () => {
  const policy = { deadline: 100, first: 1, max: 10 };

  it('gives a newcomer its first budget', () => {
    expect(adaptiveBudget(policy, [])).toBe(1);
  });

  it('finds the fixed part and the rate from rounds with different masks', () => {
    const rounds = [1, 2, 4].map((cost) => ({ cost, time: 20 + 16 * cost }));
    expect(adaptiveBudget(policy, rounds)).toBeCloseTo(5, 9); // 20 + 16 * 5 = 100
  });

  it('charges all time to the cost when all masks cost the same', () => {
    expect(adaptiveBudget(policy, [{ cost: 2, time: 50 }])).toBe(4);
  });

  it('is never above the most there is nor below zero', () => {
    expect(adaptiveBudget(policy, [{ cost: 2, time: 1 }])).toBe(10);
    const slow = [1, 2].map((cost) => ({ cost, time: 200 + cost }));
    expect(adaptiveBudget(policy, slow)).toBe(0);
  });

  it('copes with rounds in which nothing was trained', () => {
    expect(adaptiveBudget(policy, [{ cost: 0, time: 30 }])).toBe(10);
    expect(adaptiveBudget(policy, [{ cost: 0, time: 130 }])).toBe(0);
  });

  it('brings clients of different speed to the deadline', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 50, noNaN: true }),
        fc.double({ min: 5, max: 50, noNaN: true }),
        (fixed, rate) => {
          const rounds = [1, 3].map((cost) => ({ cost, time: fixed + rate * cost }));
          const budget = adaptiveBudget({ ...policy, max: 1000 }, rounds);
          expect(fixed + rate * budget).toBeCloseTo(100, 6);
        },
      ),
    );
  });
});
