import { dispose, type Scalar } from '@tensorflow/tfjs-core';
import type { Batch } from '../models/batch.ts';
import type { Model } from '../models/model.ts';
import { StrataError } from '../protocol/errors.ts';
import type { Weights } from './weights.ts';

/** What every job works with. */
export interface Workplace {
  readonly model: Model;
  readonly weights: Weights;
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

/** Reads a scalar and disposes of it. */
export async function takeScalar(scalar: Scalar): Promise<number> {
  try {
    const [value = Number.NaN] = await scalar.data<'float32'>();
    return value;
  } finally {
    dispose(scalar);
  }
}
