import { Ascent } from './ascent.ts';
import { branchAndBound } from './branch.ts';
import { Knapsack } from './knapsack.ts';
import type { MaskProblem, MaskSolution } from './problem.ts';
import { toScaled, toSolution } from './scale.ts';
import { Effort, type ScaledProblem } from './scaled.ts';
import { searchFromStarts, totalScores } from './starts.ts';

export interface SolveLimits {
  /** Work that may be done (see {@link Effort}), at most 1 to 3 s by default; gives the same masks everywhere. */
  readonly effort?: number;
  /** Milliseconds after which nothing more is tried; default none, since it makes the masks depend on the machine. */
  readonly milliseconds?: number;
  /** Masks within the budgets, (N, L), that are tried and climbed from before all else: of a lambda close by, say. */
  readonly start?: readonly Uint8Array[];
}

/** Share of the effort that the search for good masks may use before the bounds get the rest. */
const searchShare = 0.5;

/**
 * Solves P1 (lambda >= 0), with a smallest group where the problem has one: block ascent from several starts, then branch and bound. Deterministic unless
 * `milliseconds` cuts it short; `proved` says whether the bound shows the masks to be the best there are.
 */
export function solveMasks(problem: MaskProblem, limits: SolveLimits = {}): MaskSolution {
  const { scaled, scale } = toScaled(problem);
  if (scaled.clients < scaled.minimumGroup) return nobody(problem);
  const { effort = 60_000_000, milliseconds, start } = limits;
  const until = milliseconds === undefined ? undefined : performance.now() + milliseconds;
  const ascent = new Ascent(scaled, new Effort(searchShare * effort, until));
  const selfish = ascent.respond(new Float64Array(scaled.layers));
  ascent.keep();
  const common = commonSet(scaled);
  ascent.moveTo(common.mask);
  ascent.keep();
  if (start) {
    ascent.moveTo(Uint8Array.from(start.flatMap((mask) => [...mask])));
    ascent.ascend(scaled.lambda);
    ascent.keep();
  }
  // Whoever disagrees at all pays at least lambda (N - 1): past this lambda one common set is the best.
  const disagreeing = selfish - scaled.lambda * (scaled.clients - 1);
  let bound = Math.min(selfish, Math.max(common.bound, disagreeing));
  if (!ascent.proves(bound)) {
    searchFromStarts(ascent);
    ascent.effort = new Effort((1 - searchShare) * effort, until);
    bound = Math.min(bound, branchAndBound(ascent));
  }
  return toSolution(problem, ascent, bound * scale);
}

/** What is left where there are fewer clients than a group needs: no layer at all. */
function nobody({ scores, costs }: MaskProblem): MaskSolution {
  return { masks: scores.map(() => new Uint8Array(costs.length)), objective: 0, bound: 0, proved: true };
}

/** The best masks when all must be the same: what the smallest budget can hold of the total scores. */
function commonSet(problem: ScaledProblem): { mask: Uint8Array; bound: number } {
  const { clients, layers, costs, reach, budgets } = problem;
  const knapsack = new Knapsack(costs, reach);
  knapsack.solve(totalScores(problem), Math.min(...budgets));
  const mask = new Uint8Array(clients * layers);
  for (let i = 0; i < clients; i++) mask.set(knapsack.chosen, i * layers);
  return { mask, bound: knapsack.bound };
}
