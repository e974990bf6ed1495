import { reshape, type Tensor } from '@tensorflow/tfjs-core';
import { type NextTokenTargets, termsOf } from '../../../models/targets.ts';
import { checkIds, crossEntropy, givenIds, largestRight } from './cross-entropy.ts';
import type { Objective } from './objective.ts';

/** (B, T, V) as (B T, V). */
const places = (logits: Tensor): Tensor => reshape(logits, [-1, logits.shape.at(-1) ?? 0]);

/** Logits (B, T, V): softmax cross-entropy at every place that a token follows; other places count nothing. */
export const nextTokens: Objective<NextTokenTargets> = {
  check: ({ ids }, width) => checkIds(ids, -1, width),
  given: (targets, share) => givenIds(targets.ids, share, Math.max(1, termsOf(targets))),
  loss: (logits, given) => crossEntropy(places(logits), given),
  // No index is -1, so that places without a target are never right.
  correct: (logits, { ids }) => largestRight(places(logits), ids),
};
