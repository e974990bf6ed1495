import type { LayerCosts } from '../mask-cost.ts';

/**
 * P1 of Sun, Xie, Ding, Li, Zhang (arXiv 2408.15600), with layer costs:
 * maximise `sum_i sum_l m_il s_il - lambda * sum_{i<j} sum_l |m_il - m_jl|`
 * subject to `sum_l c_l m_il <= R_i` and m binary. Where masks pay for their depth, a mask whose shallowest layer is s
 * costs `r_s` on top.
 *
 * With k_l the number of clients that take layer l, the disagreement of a layer is `k_l (N - k_l)`.
 */
export interface MaskProblem extends LayerCosts {
  /** s_il >= 0, (N, L). */
  readonly scores: readonly (readonly number[])[];
  /** R_i >= 0, (N). */
  readonly budgets: readonly number[];
  /** Price of disagreeing, absolute. Negative: disagreement is rewarded (see diversify.ts). */
  readonly lambda: number;
  /** m: a layer is trained by nobody or by at least so many, k_l in {0} or [m, N]. Absent: by any number. */
  readonly minimumGroup?: number | undefined;
}

export interface MaskSolution {
  /** 0 or 1, (N, L). */
  readonly masks: readonly Uint8Array[];
  readonly objective: number;
  /** No masks within the budgets are worth more than this. */
  readonly bound: number;
  /** `objective` and `bound` meet (see {@link gapTolerance}). */
  readonly proved: boolean;
}

/** Whether every layer has nobody or at least `minimumGroup` clients. */
export function groupsHold(masks: readonly Uint8Array[], minimumGroup: number): boolean {
  const layers = masks[0]?.length ?? 0;
  for (let l = 0; l < layers; l++) {
    const k = masks.reduce((n, m) => n + m[l]!, 0);
    if (k > 0 && k < minimumGroup) return false;
  }
  return true;
}

/** Relative gap below which a solution counts as proved. */
export const gapTolerance = 1e-9;

/** Number of ordered-once pairs of clients that differ, summed over the layers: `sum_l k_l (N - k_l)`. */
export function disagreement(masks: readonly Uint8Array[]): number {
  const layers = masks[0]?.length ?? 0;
  let sum = 0;
  for (let l = 0; l < layers; l++) {
    const k = masks.reduce((n, m) => n + m[l]!, 0);
    sum += k * (masks.length - k);
  }
  return sum;
}

/** The objective of P1. */
export function objective(problem: MaskProblem, masks: readonly Uint8Array[]): number {
  let sum = 0;
  problem.scores.forEach((row, i) => {
    row.forEach((s, l) => {
      if (masks[i]![l]) sum += s;
    });
  });
  return sum - problem.lambda * disagreement(masks);
}
