import {
  add,
  cast,
  div,
  greater,
  maximum,
  minimum,
  mul,
  type Scalar,
  scalar,
  softplus,
  sub,
  sum,
  type Tensor,
  tensor2d,
} from '@tensorflow/tfjs-core';
import { type LabelSetTargets, termsOf } from '../../../models/targets.ts';
import type { Objective } from './objective.ts';

/** 1 where a sample has the class, else 0, (B, C). */
const truthOf = ({ flags, classes }: LabelSetTargets): Tensor =>
  tensor2d(Float32Array.from(flags), [flags.length / Math.max(1, classes), classes]);

/** Logits (B, C). */
export const labelSets: Objective<LabelSetTargets> = {
  check: ({ classes }, width) => {
    if (classes !== width) throw new RangeError(`${classes} flags for ${width} classes.`);
  },
  given: (targets, share) => [
    truthOf(targets),
    scalar(share / (Math.max(1, termsOf(targets)) * targets.classes)),
  ],
  /** Binary cross-entropy of the sigmoids, the mean over the classes: of z and y, log(1 + exp(z)) - z y. */
  loss: (logits, [y, scale]) => mul(sum<Scalar>(sub(softplus(logits), mul(logits, y!))), scale!),
  /**
   * Each sample counts its share of agreement |Y and Z| / |Y or Z|, Y its classes and Z those with a positive logit; 1
   * where both are empty (Godbole and Sarawagi, PAKDD 2004).
   */
  correct: (logits, targets) => {
    const truth = truthOf(targets);
    const said = cast(greater(logits, 0), 'float32');
    const both = sum(mul(truth, said), 1); // (B)
    const either = sub(sum(truth, 1), sub(both, sum(said, 1)));
    // 1 of 1 where both are empty.
    const nothing = sub(1, minimum(either, 1));
    return sum(add(div(both, maximum(either, 1)), nothing));
  },
};
