import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensor } from '../../protocol/index.ts';
import type { Batch } from '../batch.ts';
import { drawTensor, initialLayer } from '../initial.ts';
import type { ModelLayout } from '../layout.ts';
import type { Activation, Model, Parameters } from '../model.ts';
import type { ModelSpec } from '../spec.ts';

/** Uploads tensors; the caller disposes of them (`tf.dispose`). */
export const upload = (tensors: readonly NamedTensor[]): Record<string, tf.Tensor> =>
  Object.fromEntries(tensors.map((t) => [t.name, tf.tensor(t.data, [...t.shape])]));

/** Seeded weights of a layer, its classifier not zero as a fresh one: no gradient goes back through zeros. */
export function seededLayer(spec: ModelSpec, layout: ModelLayout, name: string, seed: number): NamedTensor[] {
  const tensors = layout.layers.find((layer) => layer.name === name)?.tensors ?? [];
  return initialLayer(spec, layout, name, seed).map((fresh, i) => {
    const tensor = tensors[i];
    if (tensor?.source !== 'labels' || tensor.shape.length < 2) return fresh;
    return drawTensor(spec, { ...tensor, initial: { kind: 'normal', std: 0.02 } }, seed);
  });
}

/** Seeded weights of every layer; the caller disposes of them. */
export const initialParameters = (spec: ModelSpec, model: Model, seed = 1): Record<string, tf.Tensor> =>
  upload(model.layout.layers.flatMap((layer) => seededLayer(spec, model.layout, layer.name, seed)));

/** Activation after the stage of layer `until`, by default the logits (B, C). */
export function run(
  model: Model,
  parameters: Parameters,
  batch: Batch,
  until = model.stages.at(-1)?.layer,
): Activation {
  let activation = model.input(batch);
  for (const stage of model.stages) {
    activation = stage.forward(parameters, activation);
    if (stage.layer === until) return activation;
  }
  throw new RangeError(`The model has no layer ${until}.`);
}
