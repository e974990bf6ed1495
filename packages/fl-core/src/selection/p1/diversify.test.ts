import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bruteForce, costKinds, costOf, randomProblem } from '../testing/instances.ts';
import { diversifyMasks } from './diversify.ts';

describe('diversifyMasks', () => {
  it('stays within its bound and the budgets, and close to exhaustive search', () => {
    fc.assert(
      fc.property(
        fc.record({
          clients: fc.integer({ min: 1, max: 4 }),
          layers: fc.integer({ min: 1, max: 4 }),
          costs: fc.constantFrom(...costKinds),
          lambda: fc.constantFrom(0, -0.1, -0.5, -3),
          seed: fc.nat(),
        }),
        (options) => {
          const problem = randomProblem(options);
          const best = bruteForce(problem);
          const { masks, objective, bound, proved } = diversifyMasks(problem);
          expect(bound).toBeGreaterThanOrEqual(best - 1e-9);
          expect(objective).toBeGreaterThanOrEqual(0.97 * best);
          if (proved) expect(objective).toBeCloseTo(best, 9);
          masks.forEach((m, i) => {
            expect(costOf(problem, m)).toBeLessThanOrEqual(problem.budgets[i]! + 1e-9);
          });
        },
      ),
    );
  });
});
