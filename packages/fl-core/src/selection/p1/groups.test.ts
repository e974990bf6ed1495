import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bruteForce,
  costKinds,
  costOf,
  createOracle,
  type InstanceOptions,
  randomProblem,
} from '../testing/index.ts';
import { groupsHold, type MaskProblem, objective } from './problem.ts';
import { solveMasks } from './solve.ts';
import { topUp } from './top-up.ts';

const instances = (clients: number, layers: number): fc.Arbitrary<MaskProblem & { minimumGroup: number }> =>
  fc
    .record({
      clients: fc.integer({ min: 1, max: clients }),
      layers: fc.integer({ min: 1, max: layers }),
      costs: fc.constantFrom(...costKinds),
      lambda: fc.constantFrom(0, 0.05, 0.2, 0.5, 2),
      seed: fc.nat(),
      minimumGroup: fc.integer({ min: 2, max: clients }),
    })
    .map((options) => ({ ...randomProblem(options), minimumGroup: options.minimumGroup }));

function expectWithin(problem: MaskProblem & { minimumGroup: number }, masks: readonly Uint8Array[]): void {
  expect(groupsHold(masks, problem.minimumGroup)).toBe(true);
  masks.forEach((m, i) => {
    expect(costOf(problem, m)).toBeLessThanOrEqual(problem.budgets[i]! + 1e-9);
  });
}

describe('P1 with a smallest group', () => {
  it('equals exhaustive search on tiny instances', () => {
    fc.assert(
      fc.property(instances(4, 4), (problem) => {
        const best = bruteForce(problem);
        const { masks, objective: value, bound } = solveMasks(problem);
        expectWithin(problem, masks);
        expect(value).toBeCloseTo(best, 9);
        expect(bound).toBeGreaterThanOrEqual(best - 1e-9);
      }),
      { numRuns: 60 },
    );
  });

  it('equals HiGHS on 60 instances wherever both are proved, and is never above its bound', async () => {
    const oracle = await createOracle();
    const tally = { proved: 0, equal: 0 };
    const all = [...sweep()];
    for (const options of all) {
      const problem = { ...randomProblem(options), minimumGroup: options.minimumGroup };
      const solution = solveMasks(problem);
      const expected = oracle(problem, 10);
      const at = JSON.stringify(options);
      expectWithin(problem, solution.masks);
      expect(solution.objective, at).toBe(objective(problem, solution.masks));
      expect(expected.proved, at).toBe(true);
      const scale = Math.max(1, expected.objective!);
      expect(solution.objective / scale, at).toBeLessThanOrEqual(expected.objective! / scale + 1e-7);
      expect(solution.bound / scale, at).toBeGreaterThanOrEqual(expected.objective! / scale - 1e-7);
      const equal = Math.abs(solution.objective - expected.objective!) / scale < 1e-6;
      if (solution.proved) expect(equal, at).toBe(true);
      if (solution.proved) tally.proved++;
      if (equal) tally.equal++;
    }
    expect(all.length).toBe(60);
    expect(tally.equal).toBe(60);
    expect(tally.proved).toBeGreaterThanOrEqual(58);
  }, 120_000);

  it('is P1 where groups of one are large enough, and where nobody stands in the way', () => {
    for (const costs of costKinds) {
      const problem = randomProblem({ clients: 8, layers: 6, costs, lambda: 0.1, seed: 3 });
      expect(solveMasks({ ...problem, minimumGroup: 1 })).toEqual(solveMasks(problem));
    }
    // Equal clients agree at once.
    const alike: MaskProblem = {
      scores: Array(5).fill([3, 2, 1]),
      costs: [1, 1, 1],
      budgets: Array(5).fill(2),
      lambda: 0,
    };
    expect(solveMasks({ ...alike, minimumGroup: 5 })).toEqual(solveMasks(alike));
  });

  it('trains nothing with fewer clients than a group needs, and says that it is the best', () => {
    const problem = randomProblem({ clients: 4, layers: 6, costs: 'unit', lambda: 0.1, seed: 1 });
    const { masks, ...account } = solveMasks({ ...problem, minimumGroup: 5 });
    expect(masks.every((m) => m.every((taken) => taken === 0))).toBe(true);
    expect(account).toEqual({ objective: 0, bound: 0, proved: true });
  });

  it('gives up little at first, the more the larger the group, the same on every call', () => {
    const problem = randomProblem({ clients: 20, layers: 12, costs: 'unit', lambda: 0, seed: 7 });
    const values = [1, 3, 5, 10, 20].map((minimumGroup) => {
      const solution = solveMasks({ ...problem, minimumGroup });
      expect(solveMasks({ ...problem, minimumGroup })).toEqual(solution);
      expect(solution.proved).toBe(true);
      return solution.objective;
    });
    expect(values).toEqual(values.toSorted((a, b) => b - a));
    expect(new Set(values).size).toBe(5);
  });

  it('does what it can within its effort, with a bound that holds', () => {
    const problem = randomProblem({ clients: 60, layers: 24, costs: 'general', lambda: 0.02, seed: 4 });
    const hurried = solveMasks({ ...problem, minimumGroup: 20 }, { effort: 100_000 });
    const thorough = solveMasks({ ...problem, minimumGroup: 20 }, { effort: 4_000_000 });
    expect(hurried.proved).toBe(false);
    for (const { masks } of [hurried, thorough]) expectWithin({ ...problem, minimumGroup: 20 }, masks);
    expect(hurried.objective).toBeLessThanOrEqual(thorough.bound + 1e-9);
    expect(thorough.objective).toBeLessThanOrEqual(hurried.bound + 1e-9);
  });
});

/** `npm run --silent bench -- groups --json` sweeps more of them. Over all kinds of costs, from no price of disagreeing to a high one, from pairs to all but one client. */
function* sweep(): Iterable<InstanceOptions & { minimumGroup: number }> {
  for (const costs of costKinds) {
    for (const lambda of [0, 0.2, 1]) {
      for (let seed = 1; seed <= 5; seed++) {
        const clients = 4 + (seed % 3);
        const minimumGroup = 2 + (seed % (clients - 2));
        yield { clients, layers: 4 + (seed % 2), costs, lambda: lambda / clients, seed, minimumGroup };
      }
    }
  }
}

describe('topUp with a smallest group', () => {
  it('fills up rooms and opens no layer for fewer than m', () => {
    fc.assert(
      fc.property(instances(9, 7), (problem) => {
        const start = solveMasks(problem, { effort: 1e5 }).masks;
        const masks = topUp(problem, start);
        expectWithin(problem, masks);
        // Whoever still has room for a layer lacks it because too few others have.
        for (const l of problem.costs.keys()) {
          const members = masks.filter((m) => m[l] === 1).length;
          const wanting = masks.filter(
            (m, i) => m[l] === 0 && costOf(problem, m.with(l, 1)) <= problem.budgets[i]!,
          ).length;
          expect(wanting === 0 || members + wanting < problem.minimumGroup).toBe(true);
        }
        masks.forEach((m, i) => {
          expect(start[i]!.every((taken, l) => taken <= m[l]!)).toBe(true);
        });
      }),
      { numRuns: 200 },
    );
  });
});
