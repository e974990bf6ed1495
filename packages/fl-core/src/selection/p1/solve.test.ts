import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bruteForce, costKinds, costOf, randomProblem } from '../testing/instances.ts';
import { disagreement, type MaskProblem, objective } from './problem.ts';
import { solveMasks } from './solve.ts';
import { topUp } from './top-up.ts';

const problems = (limits: { clients: number; layers: number }): fc.Arbitrary<MaskProblem> =>
  fc
    .record({
      clients: fc.integer({ min: 1, max: limits.clients }),
      layers: fc.integer({ min: 1, max: limits.layers }),
      costs: fc.constantFrom(...costKinds),
      lambda: fc.constantFrom(0, 0.05, 0.2, 0.5, 2),
      seed: fc.nat(),
    })
    .map(randomProblem);

describe('solveMasks', () => {
  it('equals exhaustive search on tiny instances', () => {
    fc.assert(
      fc.property(problems({ clients: 4, layers: 4 }), (problem) => {
        const best = bruteForce(problem);
        const solution = solveMasks(problem);
        expect(solution.objective).toBeCloseTo(best, 9);
        expect(solution.bound).toBeGreaterThanOrEqual(best - 1e-9);
      }),
      { numRuns: 60 },
    );
  });

  it('never goes over budget, and reports the value of its masks', () => {
    fc.assert(
      fc.property(problems({ clients: 15, layers: 12 }), (problem) => {
        const { masks, objective: value } = solveMasks(problem, { effort: 200_000 });
        expect(value).toBe(objective(problem, masks));
        masks.forEach((m, i) => {
          expect(costOf(problem, m)).toBeLessThanOrEqual(problem.budgets[i]! + 1e-9);
        });
      }),
      { numRuns: 30 },
    );
  });

  it('gives every client its own best set at lambda 0', () => {
    const problem: MaskProblem = {
      scores: [
        [5, 1, 3],
        [1, 9, 2],
      ],
      costs: [1, 1, 1],
      budgets: [2, 1],
      lambda: 0,
    };
    const { masks, objective: value, proved } = solveMasks(problem);
    expect(masks.map((m) => [...m])).toEqual([
      [1, 0, 1],
      [0, 1, 0],
    ]);
    expect(value).toBe(17);
    expect(proved).toBe(true);
  });

  it('gives one common set, proved, at a large lambda', () => {
    const problem = { ...randomProblem({ clients: 50, layers: 12, costs: 'general', lambda: 1, seed: 3 }) };
    const { masks, proved } = solveMasks({ ...problem, lambda: 1e9 });
    expect(disagreement(masks)).toBe(0);
    expect(proved).toBe(true);
  });

  it('takes more layers at the top than at the bottom for the same budget', () => {
    const reach = [4, 3, 2, 1];
    const towards = (scores: number[]): MaskProblem => ({
      scores: [scores],
      costs: [1, 1, 1, 1],
      reach,
      budgets: [5],
      lambda: 0,
    });
    expect(solveMasks(towards([9, 1, 1, 1])).masks.map(String)).toEqual(['1,0,0,0']); // 4 + 1
    expect(solveMasks(towards([1, 1, 1, 1])).masks.map(String)).toEqual(['0,0,1,1']); // 2 + 2
    // of equals, what reaches the least far
    expect(solveMasks(towards([2, 1, 1, 1])).masks.map(String)).toEqual(['0,0,1,1']);
  });

  it('gives the same masks on every call', () => {
    const problem = randomProblem({ clients: 20, layers: 12, costs: 'general', lambda: 0.05, seed: 11 });
    expect(solveMasks(problem, { effort: 1e6 })).toEqual(solveMasks(problem, { effort: 1e6 }));
  });

  it('is no worse than the masks that it starts from', () => {
    fc.assert(
      fc.property(
        problems({ clients: 12, layers: 12 }),
        fc.double({ min: 0, max: 3, noNaN: true }),
        (problem, factor) => {
          const start = solveMasks({ ...problem, lambda: factor * problem.lambda }).masks;
          const hurried = solveMasks(problem, { effort: 1000, start });
          expect(hurried.objective).toBeGreaterThanOrEqual(objective(problem, start) - 1e-9);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('copes with nobody, no layer, no budget and scores of zero', () => {
    const empty: MaskProblem = { scores: [], costs: [1], budgets: [], lambda: 1 };
    expect(solveMasks(empty)).toEqual({ masks: [], objective: 0, bound: 0, proved: true });
    const poor: MaskProblem = { scores: [[1, 2]], costs: [1, 1], budgets: [0], lambda: 1 };
    expect(solveMasks(poor).masks.map((m) => [...m])).toEqual([[0, 0]]);
    const dead: MaskProblem = { scores: [[0, 0]], costs: [1, 1], budgets: [1], lambda: 1 };
    expect(solveMasks(dead).objective).toBe(0);
  });
});

describe('topUp', () => {
  it('makes one nested family of sets at a large lambda, with no affordable layer left', () => {
    fc.assert(
      fc.property(problems({ clients: 12, layers: 10 }), (random) => {
        const problem = { ...random, lambda: 1e6 };
        const masks = topUp(problem, solveMasks(problem).masks);
        const bySize = masks.toSorted((a, b) => count(a) - count(b));
        for (const [at, larger] of bySize.entries()) {
          const smaller = bySize[at - 1] ?? new Uint8Array(larger.length);
          expect(larger.every((taken, l) => taken >= smaller[l]!)).toBe(true);
        }
        masks.forEach((m, i) => {
          expect(costOf(problem, m)).toBeLessThanOrEqual(problem.budgets[i]! + 1e-9);
          for (const l of m.keys()) {
            const larger = m.with(l, 1);
            expect(m[l] === 1 || costOf(problem, larger) > problem.budgets[i]!).toBe(true);
          }
        });
      }),
      { numRuns: 100 },
    );
  });

  it('fills up the room of every client, whatever masks it starts from', () => {
    fc.assert(
      fc.property(problems({ clients: 5, layers: 8 }), fc.nat(), (problem, seed) => {
        const start = solveMasks({ ...problem, lambda: 0 }, { effort: 1e5 }).masks.map((m, i) =>
          m.map((taken, l) => ((seed >> ((3 * i + l) % 16)) & 1 ? taken : 0)),
        );
        topUp(problem, start).forEach((m, i) => {
          expect(start[i]!.every((taken, l) => taken <= m[l]!)).toBe(true);
          expect(costOf(problem, m)).toBeLessThanOrEqual(problem.budgets[i]! + 1e-9);
          for (const l of m.keys())
            expect(m[l] === 1 || costOf(problem, m.with(l, 1)) > problem.budgets[i]!).toBe(true);
        });
      }),
      { numRuns: 100 },
    );
  });

  it('leaves masks alone that use their budgets', () => {
    const problem = randomProblem({ clients: 6, layers: 8, costs: 'unit', lambda: 0, seed: 5 });
    const { masks } = solveMasks(problem);
    expect(topUp(problem, masks)).toEqual(masks);
  });
});

const count = (mask: Uint8Array): number => mask.reduce((a, b) => a + b, 0);
