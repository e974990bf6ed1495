import type { Batch } from '../models/batch.ts';
import { StrataError } from '../protocol/errors.ts';
import type { Engine } from './engine.ts';
import type { Footprint } from './memory/plan.ts';
import type { PrefixCache } from './prefix/prefix-cache.ts';
import type { GlobalWeights } from './weights.ts';

/** What every job works with. */
export interface Workplace {
  readonly engine: Engine;
  readonly weights: GlobalWeights;
  readonly cache: PrefixCache;
  /** What training was seen to take, by what decides it: so that it is seen once. */
  readonly footprints: Map<string, Footprint>;
}

/** Throws `bad-request` when there is nothing to learn from. */
export function requireSamples(batches: readonly Batch[]): void {
  if (batches.length > 0) return;
  throw new StrataError(
    'bad-request',
    'There are no samples to train on.',
    'Add images or text of your own.',
  );
}
