import { adamSign } from './candidates.ts';
import type { LayerGradients } from './gradients.ts';
import type { Scores } from './measure-scores.ts';

/**
 * Scores of the layers for all clients together, which no client can tell alone: they need the gradients themselves, or
 * a sketch of them. From the clients' gradients g_i by layer and their shares alpha_i of all samples:
 *
 * - `joint-norm`: ||sum alpha_i g_i||^2, of which the mean of the clients' squared norms is an upper bound.
 * - `joint-cross-norm`: the mean inner product of two different clients' gradients. May be negative.
 * - `joint-decrease`: the decrease of everybody's loss, to first order, by the average of everybody's first steps of
 *   Adam, a unit of rate.
 * - `agreement`: the first over the mean of the squared norms, from 0 to 1, whatever the size of the layer's gradients.
 */
export function jointScores(
  clients: readonly LayerGradients[],
  weights: readonly number[],
  layers: readonly string[],
): Scores {
  const total = weights.reduce((a, b) => a + b, 0);
  const shares = weights.map((w) => w / total);
  const told = layers.map((layer) => {
    const own = clients.map((gradients) => gradients.get(layer)!);
    return jointScoresOf(own, shares);
  });
  return {
    'joint-norm': told.map((t) => t.norm),
    'joint-cross-norm': told.map((t) => t.crossNorm),
    'joint-decrease': told.map((t) => t.decrease),
    agreement: told.map((t) => t.agreement),
  };
}

/** Of one layer: N gradients of P numbers, and shares that sum to 1. */
export function jointScoresOf(gradients: readonly Float32Array[], shares: readonly number[]) {
  let [norm, decrease, norms, same] = [0, 0, 0, 0];
  const size = gradients[0]?.length ?? 0;
  for (let k = 0; k < size; k++) {
    let [mean, step] = [0, 0];
    for (let i = 0; i < gradients.length; i++) {
      const g = gradients[i]![k]!;
      mean += shares[i]! * g;
      step += shares[i]! * adamSign(g);
      norms += shares[i]! * g * g;
      same += (shares[i]! * g) ** 2;
    }
    norm += mean * mean;
    decrease += mean * step;
  }
  const pairs = 1 - shares.reduce((sum, a) => sum + a * a, 0);
  return {
    norm,
    decrease,
    crossNorm: pairs > 0 ? (norm - same) / pairs : 0,
    agreement: norms > 0 ? norm / norms : 0,
  };
}
