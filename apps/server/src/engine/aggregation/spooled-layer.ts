import { closeSync, openSync, readSync } from 'node:fs';
import type { MeasuredUpdate } from '@strata/fl-core/aggregation';
import type { LayerSpec } from '@strata/fl-core/models/layouts';
import { headerLength, parseHeader, truncated } from '@strata/fl-core/protocol';
import { damaged, freshSamples, type Taus } from '@strata/fl-core/rounds';

/** An update that was counted, in its file on disk. */
export interface SpooledUpdate {
  readonly client: string;
  /** d_i, the number of training samples. */
  readonly samples: number;
  /** Layers it holds. */
  readonly layers: readonly string[];
  /** How often they were changed since the client's copy. */
  readonly taus: Taus;
  readonly path: string;
  /** L2 norm of all its values. */
  readonly length: number;
  /** L2 norm of each layer's values, where it was measured when they came; null: it is measured when it is needed. */
  readonly norms?: Readonly<Record<string, number>> | null;
}

/** Files kept open at once; every system allows as many. Those beyond are opened for each piece. */
const mostOpen = 256;

/**
 * One layer of many updates, read from their files in pieces: memory is that of a piece. A layer's values are those
 * of its tensors in the layout's order, whatever their order in the file. Reading blocks, which costs half of what
 * asking the system's threads for each piece does.
 */
export class SpooledLayer {
  readonly updates: readonly MeasuredUpdate[];
  readonly #layer: LayerSpec;
  readonly #open = new Map<string, number>();
  readonly #places: Places;
  #buffer = new Float32Array(0);

  constructor(layer: LayerSpec, updates: readonly SpooledUpdate[], places: Places) {
    this.#layer = layer;
    this.#places = places;
    this.updates = updates
      .filter((u) => u.layers.includes(layer.name))
      .map((update) => {
        const { client, path, length: whole, norms } = update;
        const norm = norms?.[layer.name];
        return {
          client,
          samples: freshSamples(update, layer.name),
          length: whole,
          read: (offset, length) => this.#read(path, offset, length),
          ...(norm === undefined ? {} : { norm: () => norm }),
        };
      });
  }

  close(): void {
    for (const file of this.#open.values()) closeSync(file);
    this.#open.clear();
  }

  #read(path: string, offset: number, length: number): Float32Array {
    if (this.#buffer.length < length) this.#buffer = new Float32Array(length);
    const known = this.#open.get(path);
    const file = known ?? openSync(path, 'r');
    const keep = known !== undefined || this.#open.size < mostOpen;
    if (keep) this.#open.set(path, file);
    try {
      const values = this.#buffer.subarray(0, length);
      this.#fill(file, this.#places.of(path, file), offset, values);
      return values;
    } finally {
      if (!keep) closeSync(file);
    }
  }

  /** Values [offset, offset + into.length) of the layer: parts of one or several tensors. */
  #fill(file: number, places: ReadonlyMap<string, number>, offset: number, into: Float32Array): void {
    let start = 0;
    for (const { name, shape } of this.#layer.tensors) {
      const end = start + shape.reduce((a, b) => a * b, 1);
      const from = Math.max(start, offset);
      const to = Math.min(end, offset + into.length);
      if (from < to) {
        const begin = places.get(name);
        if (begin === undefined) throw damaged(this.#layer.name);
        readFully(file, into.subarray(from - offset, to - offset), begin + 4 * (from - start));
      }
      start = end;
    }
  }
}

/**
 * Where the tensors of updates begin in their files. A round's updates are read layer by layer, and most of them have
 * the same tensors in the same places.
 */
export class Places {
  readonly #files = new Map<string, ReadonlyMap<string, number>>();
  readonly #same = new Map<string, ReadonlyMap<string, number>>();

  /** Offsets in bytes by the names of tensors. Throws `bad-safetensors`. */
  of(path: string, file: number): ReadonlyMap<string, number> {
    const known = this.#files.get(path);
    if (known) return known;
    const first = new Uint8Array(8);
    readFully(file, first, 0);
    const json = new Uint8Array(headerLength(first));
    readFully(file, json, 8);
    const { tensors } = parseHeader(json);
    const places = new Map([...tensors.values()].map(({ name, begin }) => [name, begin]));
    const key = JSON.stringify([...places]);
    const shared = this.#same.get(key) ?? places;
    this.#same.set(key, shared);
    this.#files.set(path, shared);
    return shared;
  }

  /** Forgets all files but these. */
  only(paths: ReadonlySet<string>): void {
    for (const path of this.#files.keys()) if (!paths.has(path)) this.#files.delete(path);
    if (this.#files.size === 0) this.#same.clear();
  }
}

function readFully(file: number, into: Uint8Array | Float32Array, position: number): void {
  const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
  for (let done = 0; done < bytes.byteLength; ) {
    const read = readSync(file, bytes, done, bytes.byteLength - done, position + done);
    if (read === 0) throw truncated();
    done += read;
  }
}
