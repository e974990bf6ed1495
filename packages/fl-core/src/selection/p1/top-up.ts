import { capacity } from '../input.ts';
import { Knapsack } from './knapsack.ts';
import type { MaskProblem } from './problem.ts';

/**
 * Nested top-up (docs/design.md, 6): clients with room left over take the next common layers.
 *
 * P1 with a large lambda makes everybody stop where the smallest budget stops. So, over and over: among the
 * clients that can still afford a layer they lack, the set of highest total score that the one with the least
 * room can afford is given to all of them. Clients that shared a mask go on sharing it until their own room is
 * used up, so that a common set grows into one nested family; where P1 left no room nothing changes.
 * Layers worth nothing to everybody with room are not taken.
 * @returns new masks, (N, L), each a superset of the given one and within its budget.
 */
export function topUp(problem: MaskProblem, masks: readonly Uint8Array[]): Uint8Array[] {
  const { scores, costs, budgets } = problem;
  const layers = costs.length;
  const result = masks.map((m) => m.slice());
  const room = result.map((m, i) => capacity(budgets[i]!) - costs.reduce((sum, c, l) => sum + c * m[l]!, 0));
  const knapsack = new Knapsack(costs);
  for (;;) {
    const able = result.flatMap((m, i) => {
      const affords = costs.some((c, l) => m[l] === 0 && c <= room[i]! && scores[i]![l]! > 0);
      return affords ? [i] : [];
    });
    if (able.length === 0) return result;
    const totals = new Float64Array(layers);
    for (const i of able) {
      for (let l = 0; l < layers; l++) if (result[i]![l] === 0) totals[l]! += scores[i]![l]!;
    }
    knapsack.solve(totals, Math.min(...able.map((i) => room[i]!)));
    for (const i of able) {
      for (let l = 0; l < layers; l++) {
        if (knapsack.chosen[l] === 0 || result[i]![l] === 1) continue;
        result[i]![l] = 1;
        room[i]! -= costs[l]!;
      }
    }
  }
}
