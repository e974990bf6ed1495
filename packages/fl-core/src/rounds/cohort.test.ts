import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random } from '../random.ts';
import { cohortSize, dropOutRate, sampleCohort } from './cohort.ts';

/** P(Binomial(n, q) >= goal) by the recursion over clients: the independent account of the tail. */
function atLeast(goal: number, n: number, q: number): number {
  let dist = [1];
  for (let i = 0; i < n; i++) {
    const next = new Array<number>(dist.length + 1).fill(0);
    dist.forEach((mass, k) => {
      next[k]! += mass * (1 - q);
      next[k + 1]! += mass * q;
    });
    dist = next;
  }
  return dist.slice(goal).reduce((a, b) => a + b, 0);
}

describe('cohortSize', () => {
  it('R10: is the smallest cohort that meets the goal in 99 of 100 rounds', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 25 }),
        fc.double({ min: 0.001, max: 0.85, noNaN: true }),
        (goal, p) => {
          const n = cohortSize(goal, p);
          expect(atLeast(goal, n, 1 - p)).toBeGreaterThanOrEqual(0.99 - 1e-9);
          if (n > goal) expect(atLeast(goal, n - 1, 1 - p)).toBeLessThan(0.99 + 1e-9);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('R10: holds in a simulation of 20,000 rounds', () => {
    const r = random('simulation', 1);
    for (const [goal, p] of [
      [3, 0.1],
      [10, 0.3],
      [50, 0.2],
    ] as const) {
      const n = cohortSize(goal, p);
      let met = 0;
      const rounds = 20_000;
      for (let i = 0; i < rounds; i++) {
        let answered = 0;
        for (let c = 0; c < n; c++) if (r.uniform() >= p) answered++;
        if (answered >= goal) met++;
      }
      expect(met / rounds).toBeGreaterThan(0.985);
    }
  });

  it('is the goal itself without drop-outs, and finite at any rate', () => {
    expect(cohortSize(7, 0)).toBe(7);
    expect(cohortSize(10_000, 0.5)).toBeLessThan(21_000);
    expect(cohortSize(1, 1)).toBeLessThan(100);
  });
});

describe('dropOutRate', () => {
  it('counts members without an update over all rounds', () => {
    expect(dropOutRate([])).toBe(0);
    expect(
      dropOutRate([
        { cohort: 4, updates: 4 },
        { cohort: 6, updates: 3 },
      ]),
    ).toBeCloseTo(0.3, 12);
  });
});

describe('sampleCohort', () => {
  const ready = Array.from({ length: 20 }, (_, i) => `c${i}`);
  it('R11: depends on the seed and the round, not on the order of arrival', () => {
    const cohort = sampleCohort(ready, 5, 1, 1);
    expect(cohort).toHaveLength(5);
    expect(sampleCohort([...ready].reverse(), 5, 1, 1)).toEqual(cohort);
    expect(sampleCohort(ready, 5, 1, 2)).not.toEqual(cohort);
    expect(sampleCohort(ready, 5, 2, 1)).not.toEqual(cohort);
  });
  it('takes everybody when there are fewer than wanted', () => {
    expect(sampleCohort(['b', 'a'], 5, 1, 1)).toEqual(['a', 'b']);
  });
});
