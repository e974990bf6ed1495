import { dispose, engine, type Scalar, type Tensor, tidy, valueAndGrads } from '@tensorflow/tfjs-core';
import type { Activation, Model, Parameters } from '../models/model.ts';
import { runStages } from './activation.ts';
import { crossEntropy } from './loss.ts';

export interface LossAndGradients {
  /** Mean over the batch; the caller disposes of it. */
  readonly loss: Scalar;
  /** By tensor name; the caller disposes of them. */
  readonly gradients: Readonly<Record<string, Tensor>>;
}

/**
 * Loss of one batch and its gradient by the parameters `names`, from the activation that enters stage `cut`. Only
 * the stages from there on are recorded, and only paths to `names` are differentiated.
 */
export function lossAndGradients(
  model: Model,
  parameters: Parameters,
  names: readonly string[],
  activation: Activation,
  cut: number,
  labels: Int32Array,
): LossAndGradients {
  const stages = model.stages.slice(cut);
  if (names.length === 0) {
    return {
      loss: tidy(() => crossEntropy(runStages(stages, parameters, activation), labels)),
      gradients: {},
    };
  }
  const chosen = names.map((name) => required(parameters, name));
  const forward = (...values: Tensor[]): Scalar => {
    const moved = Object.fromEntries(names.map((name, i) => [name, values[i]!]));
    return crossEntropy(runStages(stages, { ...parameters, ...moved }, activation), labels);
  };
  try {
    const { value, grads } = valueAndGrads(forward)(chosen);
    return { loss: value, gradients: Object.fromEntries(names.map((name, i) => [name, grads[i]!])) };
  } catch (error) {
    releaseTape();
    throw error;
  }
}

/** Disposes of what tfjs had saved for a backward pass that an error cut off; it keeps that for ever (C4). */
function releaseTape(): void {
  const { state } = engine();
  for (const { saved } of state.activeTape ?? []) dispose(saved ?? []);
  state.activeTape = [];
}

export function required(tensors: Readonly<Record<string, Tensor>>, name: string): Tensor {
  const found = tensors[name];
  if (found === undefined) throw new ReferenceError(`There is no tensor ${name}.`);
  return found;
}
