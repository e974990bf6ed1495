import { type Tensor, tidy } from '@tensorflow/tfjs-core';
import type { Batch } from '../models/batch.ts';
import type { Model, Parameters } from '../models/model.ts';
import { StrataError } from '../protocol/errors.ts';
import { runPrefix } from './activation.ts';

/** An error that says where training went out of the range of numbers. */
export const nonFinite = (what: string) =>
  new StrataError(
    'non-finite',
    `${what} is not a finite number.`,
    'Lower the learning rate, or look for samples that are out of the ordinary.',
  );

/** Names the first layer whose output for `batch` is not finite; asked only after a loss was not. */
export async function blame(
  model: Model,
  parameters: Parameters,
  batch: Batch,
  place: string,
): Promise<StrataError> {
  for (const [i, stage] of model.stages.entries()) {
    const output = tidy(() => {
      const { x } = runPrefix(model, parameters, batch, i + 1);
      return x;
    });
    const finite = await allFinite(output);
    output.dispose();
    if (!finite) return nonFinite(`In ${place}, the output of layer ${stage.layer}`);
  }
  return nonFinite(`In ${place}, the loss`);
}

async function allFinite(tensor: Tensor): Promise<boolean> {
  return (await tensor.data<'float32'>()).every(Number.isFinite);
}
