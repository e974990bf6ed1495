import { availableParallelism } from 'node:os';
import { shareBehind } from '@strata/fl-core/aggregation';
import { type LayerSpec, parameterCount } from '@strata/fl-core/models/layouts';
import { cryptoWords } from '@strata/fl-core/privacy';
import { type AggregationConfig, type ErrorBody, StrataError } from '@strata/fl-core/protocol';
import {
  asSent,
  closedFormStep,
  freshness,
  type LabelMap,
  type LayerStep,
  type ModelNoise,
  type StepOptions,
  stepLayer,
} from '@strata/fl-core/rounds';
import { ThreadPool } from '../../threads/pool.ts';
import { Places, SpooledLayer, type SpooledUpdate } from './spooled-layer.ts';

/** Layers stepped by the updates in their files: here, or in threads of step-thread.ts, which load this too. */

export type StepJob = Parameters<typeof stepSpooled>;

export type StepReply =
  | { readonly kind: 'stepped'; readonly step: LayerStep }
  // A class does not survive the way between threads.
  | { readonly kind: 'refused'; readonly body: ErrorBody };

/** Values of all updates of a layer up to which it is done here, in a few milliseconds. */
const fewValues = 1_000_000;

/** Values of updates that are gone through in the time that one of noise is drawn. */
const noiseWork = 200;

/** More would wait for memory and disk. */
const threads = Math.min(4, availableParallelism());

/** A round may take minutes, and threads some hundred milliseconds to start. */
const restMs = 300_000;

/**
 * {@link stepSpooled} without holding up the server: what takes more than some milliseconds has a thread of a few,
 * which are started for the first layer that needs one. The bytes are the same either way.
 */
export class LayerSteps {
  /** Layers that are worth stepping at once. */
  static readonly atOnce = threads;
  readonly #pool = new ThreadPool<StepJob, StepReply>(new URL('./step-thread.ts', import.meta.url), {
    size: threads,
    restMs,
  });

  async step(...job: StepJob): Promise<LayerStep> {
    const [, layer, , , updates, options] = job;
    const holders = updates.filter((u) => u.layers.includes(layer.name)).length;
    // Of a layer without updates its weights and its last change are gone through.
    // A value of noise takes as long as a hundred values of updates.
    const noised = options?.noise ? noiseWork : 0;
    const values = (Math.max(1, holders) + noised) * parameterCount(layer);
    const solved = options?.map?.layer.name === layer.name;
    if (values <= fewValues && !solved) return stepSpooled(...job);
    const reply = await this.#pool.run(job);
    switch (reply.kind) {
      case 'stepped':
        return reply.step;
      case 'refused':
        throw StrataError.fromBody(reply.body);
      default:
        return reply satisfies never;
    }
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

export interface HasLayerSteps {
  readonly layerSteps: LayerSteps;
}

const places = new Places();

export interface SpooledOptions extends Pick<StepOptions, 'recycles'> {
  /** Of differential privacy; null: none. */
  readonly noise: ModelNoise | null;
  /** In a round that computes the head: of what; null: layers are trained. */
  readonly map: LabelMap | null;
}

/** {@link stepLayer} with a round's updates in their files: those among them that hold the layer. Reading blocks. */
export async function stepSpooled(
  config: AggregationConfig,
  layer: LayerSpec,
  before: Uint8Array,
  state: Uint8Array | null,
  updates: readonly SpooledUpdate[],
  { recycles, noise, map }: SpooledOptions = { recycles: false, noise: null, map: null },
): Promise<LayerStep> {
  places.only(new Set(updates.map((u) => u.path)));
  const [sent = layer] = asSent([layer], map);
  const spooled = new SpooledLayer(sent, updates, places);
  if (map !== null && sent !== layer)
    return closedFormStep(config.rule, map, before, state, spooled.updates).finally(() => spooled.close());
  // What protects people is drawn where it is used, and never sent from one thread to another.
  const noising = noise && { ...noise, words: cryptoWords() };
  const options = {
    share: shareBehind(updates, layer.name),
    freshness: freshness(updates, layer.name),
    recycles,
    noising,
  };
  return stepLayer(config, layer, before, state, spooled.updates, options).finally(() => spooled.close());
}
