import type { Checkpoint } from '../../protocol/index.ts';

/**
 * How old what a client trained is, layer by layer: a layer that nobody has changed since its copy is as fresh as any,
 * whatever was committed meanwhile.
 */

/** tau by layer: how often it was changed since the copy; a layer that was not is left out. */
export type Taus = Readonly<Record<string, number>>;

/** Of a model: its hashes are compared. */
type Hashed = Pick<Checkpoint, 'round'> & {
  readonly layers: Readonly<Record<string, { readonly sha256: string }>>;
};

/**
 * How often each layer was changed after the model of round `base`. By hashes, so that it is the same whoever asks, and
 * after a restart (R7).
 * @param models committed ones, oldest first, all from that of `base` on.
 */
export function tausSince(models: readonly Hashed[], base: number): Taus {
  const taus: Record<string, number> = {};
  const since = models.filter(({ round }) => round >= base);
  for (const [i, { layers }] of since.entries()) {
    const before = since[i - 1]?.layers;
    if (before === undefined) continue;
    for (const [name, { sha256 }] of Object.entries(layers))
      if (before[name]?.sha256 !== sha256) taus[name] = (taus[name] ?? 0) + 1;
  }
  return taus;
}

/** s(tau), in (0, 1]. Nguyen et al., Federated Learning with Buffered Asynchronous Aggregation, arXiv 2106.06639, 5. */
export const stalenessWeight = (tau: number): number => 1 / Math.sqrt(1 + tau);

interface Aged {
  /** d_i. */
  readonly samples: number;
  /** Layers it holds. */
  readonly layers: readonly string[];
  readonly taus: Taus;
}

/** d_i s(tau_il): what an update weighs in a layer. */
export const freshSamples = ({ samples, taus }: Pick<Aged, 'samples' | 'taus'>, layer: string): number =>
  samples * stalenessWeight(taus[layer] ?? 0);

/**
 * Factor of a layer's step, in (0, 1]: sum d s / sum d over the updates that hold it; 1 where all are fresh, and where there
 * are none. With a mean whose weights are {@link freshSamples} the layer moves by sum d s delta / sum d, as in Algorithm 1
 * of FedBuff: a stale update moves the model less, and not only less than the others of its buffer.
 */
export function freshness(updates: readonly Aged[], layer: string): number {
  const holders = updates.filter((u) => u.layers.includes(layer));
  const sum = (of: (u: Aged) => number) => holders.reduce((total, u) => total + of(u), 0);
  const all = sum((u) => u.samples);
  return all === 0 ? 1 : sum((u) => freshSamples(u, layer)) / all;
}

/** Mean tau over the layers of an update. */
export const meanTau = ({ layers, taus }: Pick<Aged, 'layers' | 'taus'>): number =>
  layers.length === 0 ? 0 : layers.reduce((sum, name) => sum + (taus[name] ?? 0), 0) / layers.length;
