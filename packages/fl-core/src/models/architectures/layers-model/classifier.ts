import { refusedLayer } from './refusal.ts';
import type { KerasLayer } from './spec.ts';

/** The layer whose outputs become the labels, and what turns them into probabilities. */
export interface Classifier {
  readonly layer: KerasLayer;
  /** Its outputs as the file has them. */
  readonly outputs: number;
  /** A layer of its own for the last activation; null when the classifier has it, or nobody. */
  readonly activation: KerasLayer | null;
}

const outputField: Readonly<Record<string, string>> = { Dense: 'units', Conv2D: 'filters' };
/** May follow the last activation: they leave every value as it is. */
const reshaping: readonly string[] = ['Reshape', 'Flatten'];
/** May come between the classifier and the last activation: they make a vector of its outputs, or do nothing. */
const passing: readonly string[] = [...reshaping, 'Dropout', 'GlobalAveragePooling2D'];
const probabilities: readonly unknown[] = ['softmax', 'sigmoid'];

/**
 * Finds the classifier from the end of the model.
 *
 * @throws StrataError `bad-model` that names the layer behind which there are no logits.
 */
export function classifierOf(layers: readonly KerasLayer[]): Classifier {
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  let activation: KerasLayer | null = null;
  let untouched = true;
  for (let layer = layers.at(-1); layer !== undefined; layer = byName.get(layer.inputs[0] ?? '')) {
    const field = outputField[layer.class];
    if (field !== undefined) {
      const own = layer.config.activation ?? 'linear';
      if (own !== 'linear' && !(probabilities.includes(own) && untouched)) {
        throw noLogits(layer, `ends in ${own}${untouched ? '' : ', and more comes after it'}`);
      }
      return { layer, outputs: Number(layer.config[field]), activation };
    }
    const own = activationOf(layer);
    if (own !== null && probabilities.includes(own) && activation === null && untouched) activation = layer;
    else if (own !== 'linear' && !passing.includes(layer.class)) {
      throw noLogits(layer, `is of the class ${layer.class}`);
    }
    untouched &&= reshaping.includes(layer.class);
  }
  throw noLogits(layers.at(-1), 'has no layer of class Dense or Conv2D before it');
}

/** What a layer that is nothing but an activation does; null for other layers. */
function activationOf({ class: kind, config }: KerasLayer): unknown {
  if (kind === 'Softmax') return 'softmax';
  return kind === 'Activation' ? (config.activation ?? 'linear') : null;
}

/**
 * The same model with logits of `classes` labels as its output. The classifier keeps its place; whether it keeps its
 * weights is for others to say.
 */
export function withLogits(layers: readonly KerasLayer[], classes: number): KerasLayer[] {
  const { layer: classifier, outputs, activation } = classifierOf(layers);
  return layers
    .filter((layer) => layer !== activation)
    .map((layer) => (activation === null ? layer : without(activation, layer)))
    .map((layer) => {
      if (layer.name === classifier.name) {
        const field = outputField[layer.class] ?? '';
        // Always trained, whatever the file says.
        return {
          ...layer,
          trainable: true,
          config: { ...layer.config, [field]: classes, activation: 'linear' },
        };
      }
      const target = layer.config.target_shape;
      if (layer.class !== 'Reshape' || !Array.isArray(target) || !follows(layers, layer, classifier))
        return layer;
      // Whatever their number: a forward pass may have other outputs in the place of labels (`Engine.features`).
      const at = target.lastIndexOf(outputs);
      const sizes = target.map((size, i) => (i === at ? -1 : size));
      return { ...layer, config: { ...layer.config, target_shape: sizes } };
    });
}

/** A layer that takes what `gone` took, where it took its output. */
const without = (gone: KerasLayer, layer: KerasLayer): KerasLayer =>
  layer.inputs.includes(gone.name)
    ? { ...layer, inputs: layer.inputs.map((name) => (name === gone.name ? (gone.inputs[0] ?? name) : name)) }
    : layer;

const follows = (layers: readonly KerasLayer[], layer: KerasLayer, other: KerasLayer): boolean => {
  const place = ({ name }: KerasLayer) => layers.findIndex((l) => l.name === name);
  return place(layer) > place(other);
};

const noLogits = (layer: KerasLayer | undefined, what: string) =>
  refusedLayer(
    layer?.name ?? 'none',
    `${what}: no scores of classes can be had there`,
    'End the model in a Dense layer, with softmax, sigmoid or no activation, and save it again.',
  );
