import {
  argMax,
  cast,
  equal,
  logSoftmax,
  mul,
  neg,
  oneHot,
  type Scalar,
  scalar,
  sum,
  type Tensor,
  tensor1d,
} from '@tensorflow/tfjs-core';
import { hasOwnKernel, ownKernel } from '../../../models/blocks/own-kernel.ts';

/**
 * What {@link crossEntropy} takes of class indices (N), -1 for rows that do not count: the labels, and what the mean over
 * all rows (by the kernel) or the sum over them is multiplied by, if anything.
 */
export function givenIds(ids: Int32Array, share: number, terms: number): Tensor[] {
  const labels = tensor1d(ids, 'int32'); // (N)
  // The kernel gives the mean over all rows.
  if (!hasOwnKernel('StrataCrossEntropy')) return [labels, scalar(share / terms)];
  const factor = (share * ids.length) / terms;
  return factor === 1 ? [labels] : [labels, scalar(factor)];
}

/** Logits (N, C) and what {@link givenIds} gives: the sum of the rows' cross-entropies, times share / terms. */
export function crossEntropy(logits: Tensor, [labels, factor]: readonly Tensor[]): Scalar {
  const own = ownKernel<Scalar>('StrataCrossEntropy', { logits, labels: labels! });
  if (own !== null) return factor === undefined ? own : mul(own, factor);
  const chosen = oneHot(labels!, logits.shape.at(-1) ?? 0); // (N, C), zeros for -1
  return neg(sum<Scalar>(mul(logSoftmax(logits), mul(chosen, factor!))));
}

/** Throws RangeError for a class that the logits do not have, which one-hot would silently count as right. */
export function checkIds(ids: Int32Array, least: number, classes: number): void {
  const stray = ids.find((id) => id < least || id >= classes);
  if (stray !== undefined) throw new RangeError(`Label ${stray} where the model has ${classes} classes.`);
}

/** Logits (N, C) and class indices (N): in how many rows the largest logit is the right one; of -1 in none. */
export const largestRight = (logits: Tensor, ids: Int32Array): Tensor =>
  sum(cast(equal(argMax(logits, 1), tensor1d(ids, 'int32')), 'float32'));
