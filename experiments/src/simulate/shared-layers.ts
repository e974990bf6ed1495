import { encodeSafetensors, type NamedTensor } from '@strata/fl-core/protocol';
import { layoutFor } from '@strata/fl-core/rounds';
import type { Setting, SharedLayers } from './worker/messages.ts';

type Layers = Readonly<Record<string, { readonly sha256: string }>>;

/** Layers by hash, in memory that threads share: each is copied once. */
export class SharedBlobs {
  readonly #read: (sha256: string) => Uint8Array;
  #shared = new Map<string, Uint8Array>();

  constructor(read: (sha256: string) => Uint8Array) {
    this.#read = read;
  }

  of(layers: Layers): SharedLayers {
    return Object.fromEntries(
      Object.entries(layers).map(([name, { sha256 }]) => [name, { sha256, bytes: this.#one(sha256) }]),
    );
  }

  /** Forgets all others. */
  keep(layers: Layers): void {
    const used = new Set(Object.values(layers).map((l) => l.sha256));
    this.#shared = new Map([...this.#shared].filter(([sha256]) => used.has(sha256)));
  }

  #one(sha256: string): Uint8Array {
    const known = this.#shared.get(sha256);
    if (known !== undefined) return known;
    const bytes = this.#read(sha256);
    const copy = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
    copy.set(bytes);
    this.#shared.set(sha256, copy);
    return copy;
  }
}

/** A model as its layers' files. */
export function layersOf(
  config: Setting['config'],
  values: readonly NamedTensor[],
): ReadonlyMap<string, Uint8Array> {
  const byName = new Map(values.map((t) => [t.name, t]));
  return new Map(
    layoutFor(config).layers.map(({ name, tensors }) => {
      const own = tensors.map((t) => {
        const tensor = byName.get(t.name);
        if (tensor === undefined) throw new ReferenceError(`The start point lacks ${t.name}.`);
        return tensor;
      });
      return [name, encodeSafetensors(own)];
    }),
  );
}

/** A model that no run has committed, as threads take it. */
export function sharedLayers(config: Setting['config'], values: readonly NamedTensor[]): SharedLayers {
  const files = layersOf(config, values);
  const blobs = new SharedBlobs((name) => files.get(name)!);
  const shared = blobs.of(Object.fromEntries([...files.keys()].map((name) => [name, { sha256: name }])));
  // No hash is needed: a name that no other model has will do.
  const model = ++models;
  return Object.fromEntries(
    Object.entries(shared).map(([name, { bytes }]) => [name, { sha256: `model ${model}, ${name}`, bytes }]),
  );
}

let models = 0;
