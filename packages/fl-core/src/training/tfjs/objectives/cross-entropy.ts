import {
  argMax,
  cast,
  equal,
  logSoftmax,
  mul,
  neg,
  oneHot,
  type Scalar,
  sum,
  type Tensor,
  tensor1d,
} from '@tensorflow/tfjs-core';
import { ownKernel } from '../../../models/blocks/own-kernel.ts';

/**
 * Logits (N, C) and class indices (N), -1 for rows that do not count: the sum of the rows' cross-entropies, times
 * `share` / `terms`.
 *
 * @param least -1 where rows may not count, else 0.
 * @throws RangeError for a class that the logits do not have, which one-hot would silently count as right.
 */
export function crossEntropy(
  logits: Tensor,
  ids: Int32Array,
  { least, share, terms }: { readonly least: -1 | 0; readonly share: number; readonly terms: number },
): Scalar {
  const [rows = 0, classes = 0] = logits.shape;
  checkIds(ids, least, classes);
  const labels = tensor1d(ids, 'int32'); // (N)
  // The kernel gives the mean over all rows.
  const own = ownKernel<Scalar>('StrataCrossEntropy', { logits, labels });
  const factor = (share * rows) / terms;
  if (own !== null) return factor === 1 ? own : mul(own, factor);
  const chosen = oneHot(labels, classes); // (N, C), zeros for -1
  return neg(sum<Scalar>(mul(logSoftmax(logits), mul(chosen, share / terms))));
}

function checkIds(ids: Int32Array, least: number, classes: number): void {
  const stray = ids.find((id) => id < least || id >= classes);
  if (stray !== undefined) throw new RangeError(`Label ${stray} where the model has ${classes} classes.`);
}

/** Logits (N, C) and class indices (N): in how many rows the largest logit is the right one; of -1 in none. */
export const largestRight = (logits: Tensor, ids: Int32Array): Tensor =>
  sum(cast(equal(argMax(logits, 1), tensor1d(ids, 'int32')), 'float32'));
