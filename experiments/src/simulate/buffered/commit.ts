import type { LayerSpec } from '@strata/fl-core/models/layouts';
import { decodeSafetensors, type KeptStates, type RunConfig } from '@strata/fl-core/protocol';
import {
  type CountedUpdate,
  countedSamples,
  type Layers,
  makeCandidate,
  stepLayer,
} from '@strata/fl-core/rounds';
import { stalenessWeight } from './staleness.ts';

export interface Model {
  readonly layers: Layers;
  readonly optimizer: KeptStates | null;
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
 * rule and optimizer. With s_il = s(tau_il) of {@link stalenessWeight} and d_i as ever, layer l moves by
 * (sum_i d_i s_il / sum_i d_i) times the rule's mean with weights d_i s_il; of the mean that is sum_i d_i s_il delta_il /
 * sum_i d_i: a stale update moves the model less, and not only less than the others of its buffer.
 * @param tau of a layer of an arrival.
 * @throws StrataError as `stepLayer`.
 */
export async function commit(
  config: RunConfig,
  model: Model,
  arrivals: readonly Arrival[],
  tau: (arrival: Arrival, layer: string) => number,
  blobs: Blobs,
): Promise<Model> {
  const claims = countedSamples(
    config,
    arrivals.map(({ client, samples }) => ({ client, samples, claimed: samples })),
  );
  const counted = arrivals.map((arrival) => ({
    ...arrival,
    samples: claims.get(arrival.client)?.counted ?? 0,
    length: Number.NaN, // no rule here goes by it
  })) satisfies CountedUpdate[];
  const step = async (layer: LayerSpec, before: Uint8Array, state: Uint8Array | null) => {
    const holders = counted.filter((u) => u.layers.includes(layer.name));
    const fresh = holders.map((u) => u.samples * stalenessWeight(tau(u, layer.name)));
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    const rate = sum(fresh) / sum(holders.map((u) => u.samples));
    const { optimizer } = config.aggregation;
    const aggregation = {
      ...config.aggregation,
      optimizer: { ...optimizer, learningRate: optimizer.learningRate * rate },
    };
    const updates = holders.map(({ client, update, length }, i) => {
      const values = valuesOf(layer, blobs.read(update));
      const read = (offset: number, n: number) => values.subarray(offset, offset + n);
      return { client, samples: fresh[i]!, length, read };
    });
    const options = { share: 1, recycles: false, noising: null };
    return stepLayer(aggregation, layer, before, state, updates, options);
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
