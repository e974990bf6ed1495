import { maskCost } from '../mask-cost.ts';
import type { Ascent } from './ascent.ts';
import { Knapsack } from './knapsack.ts';
import type { ScaledProblem } from './scaled.ts';

/** Steps of the homotopy: from everybody's own best set (lambda 0) to the lambda that is asked for. */
const homotopy = [0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 1];

/** Largest N x L for which pairs of layers are swapped in every round of kicks, not in the first alone. */
const pairKickSize = 24_000;

/**
 * Finds good masks by block ascent from several starts, then by kicks from the best one.
 * The result is in `ascent.bestMask`.
 */
export function searchFromStarts(ascent: Ascent): void {
  fromOwnBest(ascent);
  fromConsensus(ascent);
  kick(ascent);
  ascent.restore();
}

/** Lets agreement grow slowly out of everybody's own best set. */
function fromOwnBest(ascent: Ascent): void {
  const { layers, lambda } = ascent.problem;
  ascent.respond(new Float64Array(layers));
  for (const share of homotopy) ascent.ascend(lambda * share);
  ascent.keep();
}

/** Sum of the clients' scores of each layer, (L). */
export function totalScores(problem: ScaledProblem): Float64Array {
  const totals = new Float64Array(problem.layers);
  for (let j = 0; j < problem.scores.length; j++) totals[j % problem.layers]! += problem.scores[j]!;
  return totals;
}

/** Starts at which everybody leans to the same layers: the top r, or the best set for each budget there is. */
function fromConsensus(ascent: Ascent): void {
  const { layers, costs, reach, budgets } = ascent.problem;
  const totals = totalScores(ascent.problem);
  const rates = totals.map((total, l) => total / maskCost(ascent.problem, [l]));
  const order = [...rates.keys()].sort((a, b) => rates[b]! - rates[a]!);
  const common = new Uint8Array(layers);
  leanTo(ascent, common);
  for (const l of order.slice(0, 12)) {
    common[l] = 1;
    leanTo(ascent, common);
  }
  const alike = reach === undefined && costs.every((c) => c === costs[0]);
  if (alike) return; // then the best sets are the top r again
  const knapsack = new Knapsack(costs, reach);
  const distinct = [...new Set(budgets)].sort((a, b) => a - b);
  const step = Math.ceil(distinct.length / 12);
  for (let b = 0; b < distinct.length; b += step) {
    knapsack.solve(totals, distinct[b]!);
    leanTo(ascent, knapsack.chosen);
  }
}

function leanTo(ascent: Ascent, common: Uint8Array): void {
  if (ascent.effort.spent) return;
  const { clients, lambda } = ascent.problem;
  const lean = lambda * clients + foundingPush(ascent.problem);
  ascent.respond(Float64Array.from(common, (c) => (c === 1 ? 1 : -1) * lean));
  ascent.ascend(lambda);
  ascent.keep();
}

/** Where groups have a smallest size, lambda alone does not make clients found or leave one: what outweighs any score. */
function foundingPush({ minimumGroup, scores }: ScaledProblem): number {
  return minimumGroup > 1 ? scores.reduce((most, s) => Math.max(most, s), 0) : 0;
}

/** Forces one layer in or out for everybody, or one in for another, and lets the clients settle again. */
function kick(ascent: Ascent): void {
  const { clients, layers, lambda } = ascent.problem;
  const push = 2 * lambda * clients + foundingPush(ascent.problem);
  const bias = new Float64Array(layers);
  const tryKick = (sweeps: number): boolean => {
    ascent.restore();
    ascent.ascend(lambda, sweeps, bias);
    bias.fill(0);
    ascent.ascend(lambda);
    return ascent.keep();
  };
  for (let round = 0, improved = true; improved && round < 10; round++) {
    improved = false;
    for (const direction of [1, -1]) {
      for (let l = 0; l < layers && !ascent.effort.spent; l++) {
        bias[l] = direction * (push + 1e-3);
        if (tryKick(3)) improved = true;
      }
    }
    if (clients * layers > pairKickSize && round > 0) continue;
    for (let into = 0; into < layers; into++) {
      for (let out = 0; out < layers && !ascent.effort.spent; out++) {
        ascent.restore();
        if (into === out || ascent.counts[out] === 0 || ascent.counts[into]! >= ascent.counts[out]!) continue;
        bias[into] = push;
        bias[out] = -push;
        if (tryKick(2)) improved = true;
      }
    }
  }
}
