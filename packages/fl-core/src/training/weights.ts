import { elements, type ModelLayout } from '../models/layout.ts';
import { StrataError } from '../protocol/errors.ts';
import type { NamedTensor } from '../protocol/safetensors.ts';
import { findLayer } from './layers.ts';

/**
 * The global model as plain arrays: a lost device costs nothing but the upload, and an update can be told from
 * them. Every layer has a version, which changes when it gets other values.
 */
export class GlobalWeights {
  readonly #layout: ModelLayout;
  readonly #values = new Map<string, NamedTensor>();
  readonly #versions = new Map<string, number>();
  #newest = 0;

  constructor(layout: ModelLayout) {
    this.#layout = layout;
  }

  /**
   * Takes over a layer's values; says whether they are others than before. Throws `wrong-layers` or `wrong-tensor`
   * when they are not the layout's.
   */
  set(layer: string, tensors: readonly NamedTensor[]): boolean {
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
    if (tensors.every(({ name, data }) => sameValues(this.#values.get(name)?.data, data))) return false;
    for (const [name, value] of given) this.#values.set(name, value);
    this.#newest += 1;
    this.#versions.set(layer, this.#newest);
    return true;
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

  /** A number that no other values of this layer have had here; 0 before the first. */
  version(layer: string): number {
    return this.#versions.get(layer) ?? 0;
  }
}

/** Compares bits, so that NaN is like itself and no other values pass as equal. */
function sameValues(a: Float32Array | undefined, b: Float32Array): boolean {
  if (a === undefined || a.length !== b.length) return false;
  if (a === b) return false; // The same array may have been written to.
  const left = new Int32Array(a.buffer, a.byteOffset, a.length);
  const right = new Int32Array(b.buffer, b.byteOffset, b.length);
  return left.every((v, i) => v === right[i]);
}

const wrongTensor = (message: string) =>
  new StrataError('wrong-tensor', message, 'Load the layer of the same model, as the server sends it.');
