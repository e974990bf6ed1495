import { type ClassTargets, termsOf } from '../../../models/targets.ts';
import { checkIds, crossEntropy, givenIds, largestRight } from './cross-entropy.ts';
import type { Objective } from './objective.ts';

/** Logits (B, C): softmax cross-entropy. */
export const classes: Objective<ClassTargets> = {
  check: ({ ids }, width) => checkIds(ids, 0, width),
  given: (targets, share) => givenIds(targets.ids, share, Math.max(1, termsOf(targets))),
  loss: crossEntropy,
  correct: (logits, { ids }) => largestRight(logits, ids),
};
