/** Local data as plain arrays; lives only in the worker (C5). */
export type Dataset = ImageDataset | TextDataset;

interface Labelled {
  /** Class indices, (N). */
  readonly labels: Int32Array;
  /**
   * 1 for each sample that the data itself sets aside for testing, else 0, (N). Absent when the data comes
   * without a split of its own; then {@link splitHoldOut} draws one.
   */
  readonly heldOut?: Uint8Array;
}

export interface ImageDataset extends Labelled {
  readonly kind: 'image';
  readonly side: number;
  /** RGB bytes, (N, side, side, 3), row-major. */
  readonly pixels: Uint8Array;
}

export interface TextDataset extends Labelled {
  readonly kind: 'text';
  /** Token ids of each sample, already cut to the model's maximum. */
  readonly tokens: readonly Int32Array[];
}

/** Number of samples. */
export const sampleCount = (dataset: Dataset): number => dataset.labels.length;
