import { inputName, type KerasLayer } from './spec.ts';

export type Json = Readonly<Record<string, unknown>>;

export interface TopologyOptions {
  readonly name: string;
  /** Height, width and channels. */
  readonly input: readonly (number | null)[];
  readonly layers: readonly KerasLayer[];
  /** Fields of a layer's configuration besides its own. */
  readonly more?: (layer: KerasLayer) => Json;
}

/** Keras' JSON of a functional model, as tfjs-layers and Keras 2 read it. */
export function topologyOf({ name, input, layers, more = () => ({}) }: TopologyOptions): Json {
  const output = layers.at(-1)?.name ?? inputName;
  return {
    class_name: 'Functional',
    config: {
      name,
      layers: [
        {
          class_name: 'InputLayer',
          name: inputName,
          config: { batch_input_shape: [null, ...input], dtype: 'float32', sparse: false, name: inputName },
          inbound_nodes: [],
        },
        ...layers.map((layer) => ({
          class_name: layer.class,
          name: layer.name,
          config: { ...layer.config, ...more(layer), name: layer.name, trainable: layer.trainable },
          inbound_nodes: [layer.inputs.map(reference)],
        })),
      ],
      input_layers: [[inputName, 0, 0]],
      output_layers: [[output, 0, 0]],
    },
  };
}

const reference = (layer: string) => [layer, 0, 0, {}];
