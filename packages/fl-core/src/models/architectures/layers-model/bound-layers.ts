import type { Tensor } from '@tensorflow/tfjs-core';
import { ones, tidy, zeros } from '@tensorflow/tfjs-core';
import { StrataError } from '../../../protocol/index.ts';
import type { Parameters } from '../../model.ts';
import { parameter } from '../../parameters.ts';
import type { Node } from './graph.ts';
import type { LayersLibrary } from './library.ts';
import { weightName } from './parts.ts';
import { type Json, topologyOf } from './topology.ts';

type LayersModel = Awaited<ReturnType<LayersLibrary['models']['modelFromJSON']>>;

/**
 * The library's layers without variables of their own: each reads its weights from the parameters of the call, so
 * that gradients flow to those and nothing else is held. Layers run as in inference.
 */
export class BoundLayers {
  readonly #model: LayersModel;
  /** Full names of those that the model has. */
  readonly #weights: ReadonlySet<string>;
  #parameters: Parameters = {};

  private constructor(model: LayersModel, weights: ReadonlySet<string>) {
    this.#model = model;
    this.#weights = weights;
    for (const layer of model.layers) {
      for (const variable of layer.weights) {
        variable.dispose();
        variable.read = () => this.#read(variable.originalName, variable.shape);
      }
    }
  }

  /** @param input height, width and channels of the images */
  static async build(
    library: LayersLibrary,
    nodes: readonly Node[],
    input: readonly number[],
  ): Promise<BoundLayers> {
    const layers = nodes.map((node) => node.layer);
    const byName = new Map(nodes.map((node) => [node.layer.name, node]));
    const more = ({ name }: { readonly name: string }) => changes(byName.get(name));
    const topology = topologyOf({ name: 'model', input, layers, more });
    const model = await built(library, topology);
    const weights = nodes.flatMap((node) => node.weights.map((weight) => weightName(node, weight)));
    return new BoundLayers(model, new Set(weights));
  }

  /** Runs layers one after the other, whose first inputs are `x`; answers the last one's output. */
  run(nodes: readonly Node[], parameters: Parameters, x: Tensor): Tensor {
    this.#parameters = parameters;
    try {
      const made = new Map<string, Tensor>();
      let last = x;
      for (const { layer } of nodes) {
        // All that is not made here is the one tensor that enters the piece.
        const inputs = layer.inputs.map((name) => made.get(name) ?? x);
        const [only] = inputs;
        const output = this.#model.getLayer(layer.name).apply(inputs.length === 1 && only ? only : inputs);
        if (Array.isArray(output) || !('dataId' in output)) throw unexpected(layer.name);
        made.set(layer.name, output);
        last = output;
      }
      return last;
    } finally {
      this.#parameters = {};
    }
  }

  #read(name: string, shape: readonly (number | null)[]): Tensor {
    if (this.#weights.has(name)) return parameter(this.#parameters, name);
    const size = shape.map((n) => n ?? 1);
    return name.endsWith('/gamma') ? ones(size) : zeros(size);
  }
}

/** Throws `bad-model` with what the library says. */
async function built(library: LayersLibrary, topology: Json): Promise<LayersModel> {
  try {
    let building: Promise<LayersModel> | undefined;
    // The library leaves the first value of each variable behind; all that it does is done before its promise.
    tidy(() => {
      building = library.models.modelFromJSON(topology as never);
    });
    if (building === undefined) throw new TypeError('tf.tidy did not call its function.');
    return await building;
  } catch (cause) {
    throw new StrataError(
      'bad-model',
      `TensorFlow.js cannot build the model: ${cause instanceof Error ? cause.message : String(cause)}`,
      'Open it with tf.loadLayersModel where it was made, and save it again.',
      { cause },
    );
  }
}

/**
 * Random initial kernels would be drawn for nothing. A normalisation without scale or offset is run with 1 and 0:
 * tfjs cannot record one without them for the gradient.
 */
function changes(node: Node | undefined): Json {
  const names = node?.weights.map((weight) => weight.name) ?? [];
  return {
    ...(node?.operation.normalises ? { scale: true, center: true } : {}),
    ...(names.includes('kernel') ? { kernel_initializer: 'zeros' } : {}),
    ...(names.includes('depthwise_kernel') ? { depthwise_initializer: 'zeros' } : {}),
  };
}

const unexpected = (layer: string) =>
  new StrataError('internal', `Layer ${layer} gave no single tensor.`, 'Choose another model.');
