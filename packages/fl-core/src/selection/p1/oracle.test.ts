// @module-tag long
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { costKinds, costOf, randomProblem } from '../testing/instances.ts';
import { createOracle, type Oracle } from '../testing/oracle.ts';
import { disagreement, type MaskProblem } from './problem.ts';
import { solveMasks } from './solve.ts';

/** In units of the mean score over the number of clients: from nearly free to nearly one common set. */
const lambdas = [0.1, 0.4, 1, 2, 6];

describe('P1 beside HiGHS', () => {
  let oracle: Oracle;
  beforeAll(async () => {
    oracle = await createOracle();
  });

  const expectEqual = (problem: MaskProblem, seconds: number): void => {
    const expected = oracle(problem, seconds);
    const solution = solveMasks(problem);
    if (expected.proved) {
      const relative = Math.abs(solution.objective - expected.objective!) / expected.objective!;
      expect(relative).toBeLessThan(1e-6);
    } else expect(solution.objective).toBeGreaterThanOrEqual((expected.objective ?? 0) * (1 - 1e-6));
    expect(solution.bound).toBeGreaterThanOrEqual(solution.objective);
    solution.masks.forEach((m, i) => {
      expect(costOf(problem, m)).toBeLessThanOrEqual(problem.budgets[i]! + 1e-9);
    });
  };

  // The full sweep over 300 instances of N = 20, L = 12 is `npm run --silent bench -- solver --json`.
  it.each(costKinds)('equal objectives, %s costs, N = 6, L = 8, five lambdas', (costs) => {
    for (const lambda of lambdas) {
      for (let seed = 1; seed <= 2; seed++) {
        expectEqual(randomProblem({ clients: 6, layers: 8, costs, lambda: lambda / 6, seed }), 10);
      }
    }
  });

  it.each([
    ['unit', 20, 2],
    ['general', 12, 6], // more of them take HiGHS more than 10 s here
    ['depth', 12, 2],
    ['general-depth', 10, 6],
  ] as const)('equal objectives, %s costs, N = %i, L = 12', (costs, clients, lambda) => {
    expectEqual(randomProblem({ clients, layers: 12, costs, lambda: lambda / clients, seed: 1 }), 10);
  });
});

describe('branch and bound', () => {
  it('proves N = 20, L = 12', () => {
    const solutions = costKinds.flatMap((costs) =>
      lambdas.map((lambda) =>
        solveMasks(randomProblem({ clients: 20, layers: 12, costs, lambda: lambda / 20, seed: 2 })),
      ),
    );
    expect(solutions.every((s) => s.proved)).toBe(true);
  });

  it('agreement rises monotonically with lambda on a fixed instance', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(...costKinds), (seed, costs) => {
        const problem = randomProblem({ clients: 6, layers: 6, costs, lambda: 1, seed });
        let least = Number.POSITIVE_INFINITY;
        for (const factor of [0, 0.01, 0.03, 0.1, 0.2, 0.4, 1, 10]) {
          const solution = solveMasks({ ...problem, lambda: factor * problem.lambda });
          fc.pre(solution.proved); // a theorem about optimal masks only
          expect(disagreement(solution.masks)).toBeLessThanOrEqual(least);
          least = disagreement(solution.masks);
        }
        expect(least).toBe(0);
      }),
      { numRuns: 25 },
    );
  });

  it.each(lambdas)('bounds a cohort of 200 clients within 4 percent at lambda %d / N', (lambda) => {
    const problem = randomProblem({ clients: 200, layers: 24, costs: 'unit', lambda: lambda / 200, seed: 6 });
    const { objective, bound } = solveMasks(problem);
    expect(bound - objective).toBeLessThan(0.04 * bound);
  });

  it('does what it can within its effort, with a bound that holds', () => {
    const problem = randomProblem({ clients: 60, layers: 24, costs: 'general', lambda: 0.02, seed: 4 });
    const hurried = solveMasks(problem, { effort: 100_000 });
    const thorough = solveMasks(problem, { effort: 4_000_000 });
    expect(hurried.proved).toBe(false);
    expect(hurried.objective).toBeLessThanOrEqual(thorough.bound + 1e-9);
    expect(thorough.objective).toBeLessThanOrEqual(hurried.bound + 1e-9);
    expect(thorough.bound).toBeLessThanOrEqual(hurried.bound + 1e-9);
  });

  it('stops at its time limit', () => {
    const problem = randomProblem({ clients: 300, layers: 48, costs: 'general', lambda: 0.003, seed: 4 });
    const start = performance.now();
    const { objective, bound } = solveMasks(problem, { effort: 1e12, milliseconds: 300 });
    expect(performance.now() - start).toBeLessThan(3000);
    expect(bound).toBeGreaterThanOrEqual(objective);
  });
});
