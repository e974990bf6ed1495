import type { Targets } from './targets.ts';

/** What one forward pass takes, as plain arrays: made by `data/`, turned into tensors by a model's `input`. */
export type Batch = ImageBatch | TextBatch;

export interface ImageBatch {
  readonly kind: 'image';
  readonly size: number;
  readonly side: number;
  /** RGB bytes, (B, side, side, 3), row-major. */
  readonly pixels: Uint8Array;
  readonly targets: Targets;
}

export interface TextBatch {
  readonly kind: 'text';
  readonly size: number;
  /** Padded length T of this batch. */
  readonly length: number;
  /** Token ids, (B, T), padded with 0. */
  readonly ids: Int32Array;
  /** Which text of a pair each token is of, (B, T), 0 or 1; absent: texts are single. */
  readonly segments?: Int32Array;
  /** Real tokens of each row, (B). */
  readonly lengths: Int32Array;
  readonly targets: Targets;
}
