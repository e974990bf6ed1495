import type { NamedShape } from '../../hub/export.ts';
import { classifierOf, withLogits } from './classifier.ts';
import type { KerasLayer, LayersModelSpec } from './spec.ts';
import { type Json, topologyOf } from './topology.ts';

/** The file with all weights of an export. */
export const layersModelWeights = 'weights.bin';

/**
 * `model.json` of a fine-tuned LayersModel, which `tf.loadLayersModel` opens: the model with its new classifier and a
 * softmax at its end.
 * @param weights float32, in the order of their values in `weights.bin`
 * @param side of the images that it was trained on, in pixels
 */
export function exportLayersModel(
  spec: LayersModelSpec,
  labels: readonly string[],
  weights: readonly NamedShape[],
  side: number,
): Json {
  return {
    format: 'layers-model',
    generatedBy: 'Strata',
    convertedBy: null,
    modelTopology: {
      keras_version: 'tfjs-layers 4.22.0',
      backend: 'tensor_flow.js',
      model_config: topologyOf({
        name: spec.title,
        input: [spec.side, spec.side, spec.channels],
        layers: withProbabilities(spec, labels.length),
      }),
    },
    weightsManifest: [
      {
        paths: [layersModelWeights],
        weights: weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })),
      },
    ],
    userDefinedMetadata: { labels, side, pixels: spec.pixels },
  };
}

/** The softmax has the place of the file's last activation, and its name. */
function withProbabilities({ layers }: LayersModelSpec, classes: number): KerasLayer[] {
  const { layer, activation } = classifierOf(layers);
  const logits = withLogits(layers, classes);
  const last = logits.at(-1);
  if (last !== undefined && last.name === layer.name && activation === null) {
    return [...logits.slice(0, -1), { ...last, config: { ...last.config, activation: 'softmax' } }];
  }
  return [
    ...logits,
    {
      name: activation?.name ?? free('softmax', layers),
      class: 'Activation',
      config: { activation: 'softmax' },
      trainable: true,
      inputs: [last?.name ?? ''],
    },
  ];
}

const free = (name: string, layers: readonly KerasLayer[]): string =>
  layers.some((layer) => layer.name === name) ? free(`${name}_1`, layers) : name;
