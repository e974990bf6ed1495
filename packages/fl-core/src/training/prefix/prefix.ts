import type { Dataset } from '../../data/dataset.ts';
import type { Batch } from '../../models/batch.ts';
import type { Activation, Engine } from '../engine.ts';
import type { GlobalWeights } from '../weights.ts';
import type { PrefixCache } from './prefix-cache.ts';

/** The stages below `cut` on this data, which nobody changes while a job runs. */
export class Prefix {
  /** The first stage that is not part of it. */
  readonly cut: number;
  readonly #engine: Engine;
  readonly #cache: PrefixCache;
  readonly #group: string;
  #budget = 0;

  /** `data` stands for a way of making batches out of it, which `key`s of batches are relative to. */
  constructor(engine: Engine, weights: GlobalWeights, cache: PrefixCache, cut: number, data: string) {
    this.cut = cut;
    this.#engine = engine;
    this.#cache = cache;
    this.#group = `${prefixKey(engine.stages, weights, cut)} ${data}`;
  }

  /** Whether activations at the cut may be kept: an input is as quickly made, and a random one is made anew. */
  get cacheable(): boolean {
    return this.cut > 0 && this.#engine.repeats(this.cut);
  }

  /** Sets what cached activations may take, 0 at first; what is over that is let go of. */
  allow(bytes: number): void {
    this.#budget = bytes;
    this.#cache.shrink(this.#group, bytes);
  }

  /** The activation that enters stage `cut`, kept or computed, and how to let go of it. */
  enter(batch: Batch, key: string): { activation: Activation; release: () => void } {
    const place = { group: this.#group, batch: key };
    const kept = this.#cache.get(place);
    if (kept !== undefined) return { activation: kept, release: () => {} };
    const activation = runPrefix(this.#engine, batch, this.cut);
    if (this.cacheable && this.#cache.keep(place, activation, this.#budget)) {
      return { activation, release: () => {} };
    }
    return { activation, release: () => activation.dispose() };
  }
}

/** The input of stage `to` under the global weights. */
export function runPrefix(engine: Engine, batch: Batch, to: number): Activation {
  const input = engine.input(batch);
  if (to === 0) return input;
  try {
    return engine.global.forward(input, 0, to);
  } finally {
    input.dispose();
  }
}

/** The layers below a cut, as they are now. */
function prefixKey(stages: readonly string[], weights: GlobalWeights, cut: number): string {
  return stages
    .slice(0, cut)
    .map((layer) => weights.version(layer))
    .join();
}

/** Whether the layers of a cached group are still what they were. */
export function isCurrent(group: string, stages: readonly string[], weights: GlobalWeights): boolean {
  const [key = ''] = group.split(' ');
  return key === prefixKey(stages, weights, key.split(',').length);
}

const identities = new WeakMap<Dataset, number>();
let datasets = 0;

/** A name for a dataset that no other object has. */
export function identityOf(data: Dataset): string {
  const known = identities.get(data);
  if (known !== undefined) return String(known);
  datasets += 1;
  identities.set(data, datasets);
  return String(datasets);
}
