import type { LayerSpec } from '@strata/fl-core/models/layouts';
import { decodeSafetensors, type KeptStates, type RunConfig } from '@strata/fl-core/protocol';
import {
  type CountedUpdate,
  countedSamples,
  freshness,
  freshSamples,
  type Layers,
  makeCandidate,
  stepLayer,
  tausSince,
} from '@strata/fl-core/rounds';

export interface Model {
  readonly layers: Layers;
  readonly optimizer: KeptStates | null;
}

/** A model, and how many were made before it. */
export interface Version extends Model {
  readonly round: number;
}

/** An update that has come. */
export interface Arrival {
  readonly client: string;
  readonly samples: number;
  /** Those that it holds. */
  readonly layers: readonly string[];
  /** Its hash. */
  readonly update: string;
  /** Version of the model that it was trained from. */
  readonly since: number;
}

/** Blobs by hash. */
export interface Blobs {
  read(sha256: string): Uint8Array;
  write(bytes: Uint8Array): Promise<Layers[string]>;
}

/**
 * One step of the model by a full buffer (Algorithm 1 of FedBuff, arXiv 2106.06639), layer by layer with the product's
 * rule, optimizer and staleness (`freshness`).
 * @param models all versions since the oldest that an arrival is of, oldest first; the newest is the one that moves.
 * @throws StrataError as `stepLayer`.
 */
export async function commit(
  config: RunConfig,
  models: readonly Version[],
  arrivals: readonly Arrival[],
  blobs: Blobs,
): Promise<Model> {
  const model = models.at(-1);
  if (model === undefined) throw new Error('There is no model to move.');
  const claims = countedSamples(
    config,
    arrivals.map(({ client, samples }) => ({ client, samples, claimed: samples })),
  );
  const counted = arrivals.map((arrival) => ({
    ...arrival,
    samples: claims.get(arrival.client)?.counted ?? 0,
    length: Number.NaN, // no rule here goes by it
    taus: tausSince(models, arrival.since),
  })) satisfies CountedUpdate[];
  const step = async (layer: LayerSpec, before: Uint8Array, state: Uint8Array | null) => {
    const holders = counted.filter((u) => u.layers.includes(layer.name));
    const updates = holders.map((u) => {
      const values = valuesOf(layer, blobs.read(u.update));
      const read = (offset: number, n: number) => values.subarray(offset, offset + n);
      return { client: u.client, samples: freshSamples(u, layer.name), length: u.length, read };
    });
    const options = {
      share: 1,
      freshness: freshness(counted, layer.name),
      recycles: false,
      noising: null,
    };
    return stepLayer(config.aggregation, layer, before, state, updates, options);
  };
  const made = await makeCandidate(
    { config },
    model,
    { candidate: {}, optimizer: model.optimizer },
    counted,
    {
      room: 0,
      together: (_layers, work) => work(),
      step,
      read: async (sha256) => blobs.read(sha256),
      write: (bytes) => blobs.write(bytes),
      keep: (make) => make(),
      refused: async () => {},
    },
  );
  return { layers: made.candidate, optimizer: made.optimizer };
}

/** A layer's values in an update, its tensors in the layout's order. */
function valuesOf({ name, tensors }: LayerSpec, update: Uint8Array): Float32Array {
  const sent = new Map(decodeSafetensors(update).tensors.map((t) => [t.name, t.data]));
  const parts = tensors.map((t) => sent.get(t.name) ?? new Float32Array());
  const values = new Float32Array(parts.reduce((n, part) => n + part.length, 0));
  if (parts.some((part) => part.length === 0)) throw new Error(`An update has not all of layer ${name}.`);
  let at = 0;
  for (const part of parts) {
    values.set(part, at);
    at += part.length;
  }
  return values;
}
