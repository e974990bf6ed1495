import type { LayerUpdate } from '@strata/fl-core/aggregation';
import type { LayerSpec } from '@strata/fl-core/models/layouts';
import { damaged } from '@strata/fl-core/rounds';
import { TensorFile } from '../tensor-file.ts';

/** An update that was counted, in its file on disk. */
export interface SpooledUpdate {
  readonly client: string;
  /** d_i, the number of training samples. */
  readonly samples: number;
  /** Layers it holds. */
  readonly layers: readonly string[];
  readonly path: string;
}

/** Files kept open at once; every system allows as many. Those beyond are opened for each piece. */
const mostOpen = 256;

/**
 * One layer of many updates, read from their files in pieces: memory is that of a piece. A layer's values are those
 * of its tensors in the layout's order, whatever their order in the file.
 */
export class SpooledLayer {
  readonly updates: readonly LayerUpdate[];
  readonly #layer: LayerSpec;
  readonly #open = new Map<string, TensorFile>();
  #buffer = new Float32Array(0);

  constructor(layer: LayerSpec, updates: readonly SpooledUpdate[]) {
    this.#layer = layer;
    this.updates = updates
      .filter((u) => u.layers.includes(layer.name))
      .map(({ client, samples, path }) => ({
        client,
        samples,
        read: (offset, length) => this.#read(path, offset, length),
      }));
  }

  async close(): Promise<void> {
    const files = [...this.#open.values()];
    this.#open.clear();
    for (const file of files) await file.close();
  }

  async #read(path: string, offset: number, length: number): Promise<Float32Array> {
    if (this.#buffer.length < length) this.#buffer = new Float32Array(length);
    const known = this.#open.get(path);
    const file = known ?? (await TensorFile.open(path));
    const keep = known !== undefined || this.#open.size < mostOpen;
    if (keep) this.#open.set(path, file);
    try {
      const values = this.#buffer.subarray(0, length);
      await this.#fill(file, offset, values);
      return values;
    } finally {
      if (!keep) await file.close();
    }
  }

  /** Values [offset, offset + into.length) of the layer: parts of one or several tensors. */
  async #fill(file: TensorFile, offset: number, into: Float32Array): Promise<void> {
    let start = 0;
    for (const { name, shape } of this.#layer.tensors) {
      const end = start + shape.reduce((a, b) => a * b, 1);
      const from = Math.max(start, offset);
      const to = Math.min(end, offset + into.length);
      if (from < to) {
        const entry = file.header.tensors.get(name);
        if (!entry) throw damaged(this.#layer.name);
        await file.read(entry, from - start, into.subarray(from - offset, to - offset));
      }
      start = end;
    }
  }
}
