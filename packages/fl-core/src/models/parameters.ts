import type { Tensor } from '@tensorflow/tfjs-core';
import { StrataError } from '../protocol/index.ts';
import type { Parameters } from './model.ts';

/** A parameter by its full name. Throws `bad-model` when the caller has not given it. */
export function parameter(parameters: Parameters, name: string): Tensor {
  const tensor = parameters[name];
  if (!tensor) {
    throw new StrataError(
      'bad-model',
      `Tensor ${name} was not loaded.`,
      'Load every tensor of the layer before running it.',
    );
  }
  return tensor;
}
