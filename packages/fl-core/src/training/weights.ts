import { dispose, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { elements, type ModelLayout } from '../models/layout.ts';
import type { Parameters } from '../models/model.ts';
import { StrataError } from '../protocol/errors.ts';
import type { NamedTensor } from '../protocol/safetensors.ts';
import { findLayer } from './layers.ts';

/**
 * The global model on this device: plain arrays, and tensors made from them when they are first needed. The arrays
 * stay, so that a lost device costs nothing but the upload, and so that an update can be told from them.
 */
export class Weights {
  readonly #layout: ModelLayout;
  readonly #values = new Map<string, NamedTensor>();
  readonly #tensors = new Map<string, Tensor>();

  constructor(layout: ModelLayout) {
    this.#layout = layout;
  }

  /** Takes over a layer's values. Throws `wrong-layers` or `wrong-tensor` when they are not the layout's. */
  set(layer: string, tensors: readonly NamedTensor[]): void {
    const { tensors: specs } = findLayer(this.#layout, layer);
    const given = new Map(tensors.map((t) => [t.name, t]));
    if (tensors.length !== specs.length) {
      throw wrongTensor(`Layer ${layer} has ${specs.length} tensors, not ${tensors.length}.`);
    }
    for (const { name, shape } of specs) {
      const found = given.get(name);
      if (found === undefined) throw wrongTensor(`Layer ${layer} came without tensor ${name}.`);
      if (found.shape.join() !== shape.join() || found.data.length !== elements(shape)) {
        throw wrongTensor(`Tensor ${name} has shape [${found.shape}] where [${shape}] is needed.`);
      }
    }
    for (const [name, value] of given) {
      this.#drop(name);
      this.#values.set(name, value);
    }
  }

  /** The values of one tensor as they were set. */
  value(name: string): NamedTensor {
    const value = this.#values.get(name);
    if (value !== undefined) return value;
    throw new StrataError(
      'bad-model',
      `Tensor ${name} was not loaded.`,
      'Load every layer of the model before running it.',
    );
  }

  /** All parameters as tensors; owned by this object. Throws `bad-model` while a layer is missing. */
  parameters(): Parameters {
    const parameters: Record<string, Tensor> = {};
    for (const { tensors } of this.#layout.layers) {
      for (const { name } of tensors) parameters[name] = this.#tensor(name);
    }
    return parameters;
  }

  /** Drops the tensors, not the values: they are made again when needed. */
  release(): void {
    for (const name of [...this.#tensors.keys()]) this.#drop(name);
  }

  #tensor(name: string): Tensor {
    const known = this.#tensors.get(name);
    if (known !== undefined) return known;
    const { data, shape } = this.value(name);
    const made = tensor(data, [...shape], 'float32');
    this.#tensors.set(name, made);
    return made;
  }

  #drop(name: string): void {
    const old = this.#tensors.get(name);
    if (old === undefined) return;
    this.#tensors.delete(name);
    dispose(old);
  }
}

const wrongTensor = (message: string) =>
  new StrataError('wrong-tensor', message, 'Load the layer of the same model, as the server sends it.');
