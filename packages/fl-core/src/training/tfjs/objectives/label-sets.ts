import {
  add,
  cast,
  div,
  greater,
  maximum,
  minimum,
  mul,
  type Scalar,
  softplus,
  sub,
  sum,
  type Tensor,
  tensor2d,
} from '@tensorflow/tfjs-core';
import { type LabelSetTargets, termsOf } from '../../../models/targets.ts';
import type { Objective } from './objective.ts';

/** 1 where a sample has the class, else 0, (B, C). */
const truthOf = (logits: Tensor, { flags }: LabelSetTargets): Tensor =>
  tensor2d(Float32Array.from(flags), [logits.shape[0] ?? 0, logits.shape.at(-1) ?? 0]);

/** Logits (B, C). */
export const labelSets: Objective<LabelSetTargets> = {
  /** Binary cross-entropy of the sigmoids, the mean over the classes: of z and y, log(1 + exp(z)) - z y. */
  loss: (logits, targets, share) => {
    const width = logits.shape.at(-1) ?? 0;
    if (targets.classes !== width) throw new RangeError(`${targets.classes} flags for ${width} classes.`);
    const scale = share / (Math.max(1, termsOf(targets)) * width);
    const y = truthOf(logits, targets);
    return mul(sum<Scalar>(sub(softplus(logits), mul(logits, y))), scale);
  },
  /**
   * Each sample counts its share of agreement |Y and Z| / |Y or Z|, Y its classes and Z those with a positive logit; 1
   * where both are empty (Godbole and Sarawagi, PAKDD 2004).
   */
  correct: (logits, targets) => {
    const truth = truthOf(logits, targets);
    const said = cast(greater(logits, 0), 'float32');
    const both = sum(mul(truth, said), 1); // (B)
    const either = sub(sum(truth, 1), sub(both, sum(said, 1)));
    // 1 of 1 where both are empty.
    const nothing = sub(1, minimum(either, 1));
    return sum(add(div(both, maximum(either, 1)), nothing));
  },
};
