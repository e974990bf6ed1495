import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diagnostics } from '../../diagnostics/index.ts';
import { scoreShares } from '../scores.ts';
import { costKinds, costOf, randomProblem } from '../testing/index.ts';
import { estimatedError } from './error-terms.ts';
import { chooseOnLadder } from './ladder.ts';
import { disagreement } from './problem.ts';
import { solveMasks } from './solve.ts';
import { topUp } from './top-up.ts';

const even = (clients: number) => Array<number>(clients).fill(100);

describe('chooseOnLadder', () => {
  it('is never worse by its estimate than everybody alone, nor than one common set, and within the budgets', () => {
    fc.assert(
      fc.property(
        fc.record({
          clients: fc.integer({ min: 1, max: 8 }),
          layers: fc.integer({ min: 1, max: 10 }),
          costs: fc.constantFrom(...costKinds),
          seed: fc.nat(),
        }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (options, alignment) => {
          const problem = randomProblem({ ...options, lambda: 0 });
          const gradients = { scores: problem.scores, samples: even(options.clients), alignment };
          const chosen = chooseOnLadder(problem, gradients);
          for (const lambda of [0, 1e6]) {
            const masks = topUp({ ...problem, lambda }, solveMasks({ ...problem, lambda }).masks);
            expect(chosen.error).toBeLessThanOrEqual(estimatedError(gradients, masks) * (1 + 1e-9) + 1e-12);
          }
          chosen.masks.forEach((mask, i) => {
            expect(costOf(problem, mask)).toBeLessThanOrEqual(problem.budgets[i]! + 1e-9);
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('takes the smaller lambda of equals: a client alone has nobody to agree with', () => {
    const problem = randomProblem({ clients: 1, layers: 6, costs: 'unit', lambda: 0, seed: 2 });
    const { lambda, error } = chooseOnLadder(problem, {
      scores: problem.scores,
      samples: [1],
      alignment: 1,
    });
    expect(lambda).toBe(0);
    expect(error).toBeGreaterThan(0);
  });
});

/** What docs/decisions.md says of lambda chosen by E1 + E2, over random cohorts with equal budgets of two layers. */
describe('how often lambda lies between the extremes', () => {
  const instances = (clients: number) =>
    Array.from({ length: 20 }, (_, k) => {
      const problem = randomProblem({
        clients,
        layers: 12,
        costs: 'unit',
        lambda: 0,
        budgets: [2, 2],
        seed: k + 1,
      });
      return { ...problem, scores: scoreShares(problem.scores) as number[][] };
    });
  const picks = (clients: number, alignment: number) => {
    const counts = { alone: 0, between: 0, common: 0 };
    for (const problem of instances(clients)) {
      const gradients = { scores: problem.scores, samples: even(clients), alignment };
      const { lambda, masks } = chooseOnLadder(problem, gradients);
      counts[disagreement(masks) === 0 ? 'common' : lambda === 0 ? 'alone' : 'between']++;
    }
    return counts;
  };

  it('never by the bounds of the diagnostics: one common set has the smallest sum', () => {
    const sumOf = (scores: number[][], masks: readonly Uint8Array[]) => {
      const layers = scores[0]!.map((_, l) => `l${l}`);
      const clients = scores.map((row, i) => ({
        id: `c${i}`,
        samples: 100,
        scores: row,
        mask: layers.filter((_, l) => masks[i]![l] === 1),
      }));
      const { e1, e2 } = diagnostics({ layers, clients });
      return e1! + e2!;
    };
    for (const problem of instances(4)) {
      const at = (lambda: number) => sumOf(problem.scores, solveMasks({ ...problem, lambda }).masks);
      const common = at(1e6);
      for (const lambda of [0, 0.001, 0.003, 0.01, 0.03])
        expect(at(lambda)).toBeGreaterThanOrEqual(common - 1e-9);
    }
  });

  it.each([
    [4, 0.5, { alone: 0, between: 0, common: 20 }],
    [4, 0.75, { alone: 1, between: 1, common: 18 }],
    [4, 0.9, { alone: 9, between: 4, common: 7 }],
    [4, 1, { alone: 17, between: 2, common: 1 }],
    [20, 0.9, { alone: 0, between: 1, common: 19 }],
    [20, 1, { alone: 2, between: 3, common: 15 }],
  ])('%i clients whose gradients have a cosine of %d: %j', (clients, alignment, expected) => {
    expect(picks(clients, alignment)).toEqual(expected);
  });
});
