import { participation } from '../../diagnostics/index.ts';

/** What is known of a cohort's gradients. */
export interface Gradients {
  /** s_il = ||g_il||^2, (N, L). */
  readonly scores: readonly (readonly number[])[];
  /** d_i, (N). */
  readonly samples: readonly number[];
  /**
   * Cosine between any two clients' gradients of a layer, in [0, 1], which norms alone do not tell: 1 leaves them as
   * alike as their norms allow.
   */
  readonly alignment: number;
}

/**
 * E1 + E2 of Theorem 1 (arXiv 2408.15600) for masks that nobody has trained yet. The mean score of a layer is both of
 * its parts, s_l = sum_i alpha_i ||g_il||^2 = ||g_l||^2 + kappa_l^2; with the alignment c,
 * ||g_l||^2 = c (sum_i alpha_i ||g_il||)^2 + (1 - c) sum_i alpha_i^2 ||g_il||^2. A layer that nobody trains costs
 * ||g_l||^2, another one chi2(w_l || alpha) kappa_l^2.
 *
 * The diagnostics of a round (docs/design.md, 7) take s_l for either part, an upper bound that compares no masks: by it
 * a layer is better left alone than trained by fewer than half of the clients.
 */
export function estimatedError(
  { scores, samples, alignment }: Gradients,
  masks: readonly Uint8Array[],
): number {
  const all = samples.reduce((a, b) => a + b, 0);
  const weights = samples.map((d) => (all > 0 ? d / all : 1 / samples.length));
  const layers = scores[0]?.length ?? 0;
  let error = 0;
  for (let l = 0; l < layers; l++) {
    let mean = 0;
    let norm = 0;
    let own = 0;
    scores.forEach((row, i) => {
      const [s, alpha] = [row[l]!, weights[i]!];
      mean += alpha * s;
      norm += alpha * Math.sqrt(s);
      own += alpha ** 2 * s;
    });
    const common = alignment * norm ** 2 + (1 - alignment) * own;
    const { chi2, effective } = participation(weights, (i) => masks[i]![l] === 1);
    error += effective === 0 ? common : chi2 * Math.max(0, mean - common);
  }
  return error;
}
