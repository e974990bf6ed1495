import {
  logSoftmax,
  mul,
  neg,
  oneHot,
  reshape,
  type Scalar,
  softplus,
  sub,
  sum,
  type Tensor,
  tensor1d,
  tensor2d,
} from '@tensorflow/tfjs-core';
import { ownKernel } from '../../models/blocks/own-kernel.ts';
import { type Targets, termsOf } from '../../models/targets.ts';

/**
 * The mean loss of a batch over its terms (samples, or tokens that another one follows), times `share`. Stable for
 * logits of any size.
 *
 * - `classes`, logits (B, C): softmax cross-entropy.
 * - `next-tokens`, logits (B, T, V): the same at every place that a token follows; other places count nothing.
 * - `label-sets`, logits (B, C): binary cross-entropy of the sigmoids, the mean over the classes.
 *
 * @throws RangeError for a class or token that the logits do not have, which one-hot would silently count as right.
 */
export function lossOf(logits: Tensor, targets: Targets, share = 1): Scalar {
  const width = logits.shape.at(-1) ?? 0;
  const terms = Math.max(1, termsOf(targets));
  switch (targets.kind) {
    case 'classes':
      checkIds(targets.ids, 0, width);
      return crossEntropy(logits, targets.ids, share, terms);
    case 'next-tokens':
      checkIds(targets.ids, -1, width);
      return crossEntropy(reshape(logits, [-1, width]), targets.ids, share, terms);
    case 'label-sets':
      if (targets.classes !== width) throw new RangeError(`${targets.classes} flags for ${width} classes.`);
      return binaryCrossEntropy(logits, targets.flags, share / (terms * width));
    default:
      return targets satisfies never;
  }
}

/**
 * Logits (N, C) and class indices (N), -1 for rows that do not count: the sum of the rows' cross-entropies, times
 * `share` / `terms`.
 */
function crossEntropy(logits: Tensor, ids: Int32Array, share: number, terms: number): Scalar {
  const [rows = 0, classes = 0] = logits.shape;
  const labels = tensor1d(ids, 'int32'); // (N)
  // The kernel gives the mean over all rows.
  const own = ownKernel<Scalar>('StrataCrossEntropy', { logits, labels });
  const factor = (share * rows) / terms;
  if (own !== null) return factor === 1 ? own : mul(own, factor);
  const chosen = oneHot(labels, classes); // (N, C), zeros for -1
  return neg(sum<Scalar>(mul(logSoftmax(logits), mul(chosen, share / terms))));
}

/** Logits z and flags y, (B, C): the sum of log(1 + exp(z)) - z y, times `scale`. */
function binaryCrossEntropy(logits: Tensor, flags: Uint8Array, scale: number): Scalar {
  const [rows = 0, classes = 0] = logits.shape;
  const y = tensor2d(Float32Array.from(flags), [rows, classes]);
  return mul(sum<Scalar>(sub(softplus(logits), mul(logits, y))), scale);
}

function checkIds(ids: Int32Array, least: number, classes: number): void {
  const stray = ids.find((id) => id < least || id >= classes);
  if (stray !== undefined) throw new RangeError(`Label ${stray} where the model has ${classes} classes.`);
}
