import { estimatedError, type Gradients } from './error-terms.ts';
import { disagreement, type MaskProblem, type MaskSolution } from './problem.ts';
import { solveMasks } from './solve.ts';
import { topUp } from './top-up.ts';

/** Prices of disagreeing that are tried between none and that of one common set: in units of the mean score, over the number of clients. */
const rungs = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4];

/** Of {@link solveMasks}, a rung; all rungs together take about as long as one lambda does otherwise. */
const effort = 6_000_000;

export interface LadderChoice {
  /** Absolute. */
  readonly lambda: number;
  /** Of P1 with this lambda. */
  readonly solution: MaskSolution;
  /** After the nested top-up, (N, L). */
  readonly masks: readonly Uint8Array[];
  /** {@link estimatedError} of these. */
  readonly error: number;
}

/**
 * Solves P1 for lambda from 0 up to where one common set is the best there is, each from the masks of the one before,
 * and gives the masks of least {@link estimatedError} after the top-up; of equals those of the smaller lambda.
 * @param problem its own lambda is not looked at.
 */
export function chooseOnLadder(problem: Omit<MaskProblem, 'lambda'>, gradients: Gradients): LadderChoice {
  const clients = problem.scores.length;
  const total = problem.scores.flat().reduce((a, b) => a + b, 0);
  const mean = total / Math.max(1, clients * problem.costs.length);
  // Whoever disagrees at all pays at least lambda (N - 1), and nothing is worth more than all scores.
  const most = total / Math.max(1, clients - 1);
  const at = (lambda: number, start?: readonly Uint8Array[]): LadderChoice => {
    const priced = { ...problem, lambda };
    const solution = solveMasks(priced, start ? { effort, start } : { effort });
    const masks = topUp(priced, solution.masks);
    return { lambda, solution, masks, error: estimatedError(gradients, masks) };
  };
  let last = at(0);
  let best = last;
  for (const rung of [...rungs.map((r) => (r * mean) / Math.max(1, clients)), most]) {
    // One common set that is proved stays the best for every larger lambda.
    if (last.solution.proved && disagreement(last.solution.masks) === 0) break;
    last = at(Math.min(rung, most), last.solution.masks);
    if (last.error < best.error * (1 - 1e-9)) best = last;
  }
  return best;
}
