import { type ClassTargets, termsOf } from '../../../models/targets.ts';
import { crossEntropy, largestRight } from './cross-entropy.ts';
import type { Objective } from './objective.ts';

/** Logits (B, C): softmax cross-entropy. */
export const classes: Objective<ClassTargets> = {
  loss: (logits, targets, share) =>
    crossEntropy(logits, targets.ids, { least: 0, share, terms: Math.max(1, termsOf(targets)) }),
  correct: (logits, { ids }) => largestRight(logits, ids),
};
