import type { Ascent } from './ascent.ts';
import { gapTolerance, type MaskProblem, type MaskSolution, objective } from './problem.ts';
import type { ScaledProblem } from './scaled.ts';

/** Flattens the scores and divides them and lambda by the mean score. */
export function toScaled(problem: MaskProblem): { scaled: ScaledProblem; scale: number } {
  const clients = problem.scores.length;
  const layers = problem.costs.length;
  const scores = Float64Array.from(problem.scores.flat());
  const scale = scores.reduce((a, b) => a + b, 0) / Math.max(1, scores.length) || 1;
  return {
    scaled: {
      clients,
      layers,
      scores: scores.map((s) => s / scale),
      costs: problem.costs,
      reach: problem.reach,
      budgets: problem.budgets,
      lambda: problem.lambda / scale,
      minimumGroup: problem.minimumGroup ?? 1,
    },
    scale,
  };
}

/** The best masks of `ascent` in the problem's own units; `bound` is in these too. */
export function toSolution(problem: MaskProblem, ascent: Ascent, bound: number): MaskSolution {
  const layers = problem.costs.length;
  const masks = problem.scores.map((_, i) => ascent.bestMask.slice(i * layers, (i + 1) * layers));
  const value = objective(problem, masks);
  return {
    masks,
    objective: value,
    bound: Math.max(bound, value),
    proved: bound - value <= gapTolerance * Math.max(Math.abs(bound), Math.abs(value)),
  };
}
