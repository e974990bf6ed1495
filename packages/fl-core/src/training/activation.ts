import { dispose, type Tensor, tidy } from '@tensorflow/tfjs-core';
import type { Batch } from '../models/batch.ts';
import type { Activation, Model, Parameters, Stage } from '../models/model.ts';

/** Disposes of an activation, sparing tensors that the next one still uses (a mask that is passed on). */
export function releaseActivation(activation: Activation, next?: Activation): void {
  for (const t of tensorsOf(activation)) {
    if (next === undefined || !tensorsOf(next).includes(t)) dispose(t);
  }
}

/** Bytes of an activation's values. */
export function activationBytes(activation: Activation): number {
  return tensorsOf(activation).reduce((sum, t) => sum + 4 * t.size, 0);
}

const tensorsOf = ({ x, mask }: Activation): Tensor[] => (mask === undefined ? [x] : [x, mask]);

/** Keeps nothing of what `make` computes but its result. */
function tidyActivation(make: () => Activation): Activation {
  let made: Activation | undefined;
  tidy(() => {
    made = make();
    return tensorsOf(made);
  });
  if (made === undefined) throw new TypeError('tf.tidy did not call its function.');
  return made;
}

/**
 * Runs the stages below `cut` on a batch with no gradient recorded, one tidy a stage, so that only one stage's
 * intermediate results exist at a time (C3). The caller releases the result.
 */
export function runPrefix(model: Model, parameters: Parameters, batch: Batch, cut: number): Activation {
  let current = tidyActivation(() => model.input(batch));
  for (const stage of model.stages.slice(0, cut)) {
    try {
      const next = tidyActivation(() => stage.forward(parameters, current));
      releaseActivation(current, next);
      current = next;
    } catch (error) {
      releaseActivation(current);
      throw error;
    }
  }
  return current;
}

/** Runs stages one after the other, inside the caller's tidy or gradient: (B, ...) -> logits (B, C). */
export function runStages(stages: readonly Stage[], parameters: Parameters, from: Activation): Tensor {
  return stages.reduce((activation, stage) => stage.forward(parameters, activation), from).x;
}
