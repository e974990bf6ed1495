import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { TargetsKind, TargetsOf } from '../../../models/targets.ts';
import { classes } from './classes.ts';
import { labelSets } from './label-sets.ts';
import { nextTokens } from './next-tokens.ts';
import type { Objective } from './objective.ts';

/** What is learned of each kind of targets. All that concerns one alone is in its file. */
const objectives: { readonly [K in TargetsKind]: Objective<TargetsOf<K>> } = {
  classes,
  'label-sets': labelSets,
  'next-tokens': nextTokens,
};

/** What is learned of these targets. */
export const objectiveOf = <K extends TargetsKind>(targets: TargetsOf<K>): Objective<TargetsOf<K>> =>
  objectives[targets.kind];

/**
 * The mean loss of a batch over its terms (samples, or tokens that another one follows), times `share`.
 *
 * @throws RangeError for targets that the logits do not have.
 */
export function lossOf<K extends TargetsKind>(logits: Tensor, targets: TargetsOf<K>, share = 1): Scalar {
  const objective = objectiveOf(targets);
  objective.check(targets, logits.shape.at(-1) ?? 0);
  return objective.loss(logits, objective.given(targets, share));
}

/** How many of the terms of a batch the model has right, scalar. */
export function correctOf<K extends TargetsKind>(logits: Tensor, targets: TargetsOf<K>): Tensor {
  return objectiveOf(targets).correct(logits, targets);
}
