/** Local data as plain arrays; lives only in the worker (C5). */
export type Dataset = ImageDataset | TextDataset;

export interface ImageDataset {
  readonly kind: 'image';
  readonly side: number;
  /** RGB bytes, (N, side, side, 3), row-major. */
  readonly pixels: Uint8Array;
  /** Class indices, (N). */
  readonly labels: Int32Array;
}

export interface TextDataset {
  readonly kind: 'text';
  /** Token ids of each sample, already cut to the model's maximum. */
  readonly tokens: readonly Int32Array[];
  /** Class indices, (N). */
  readonly labels: Int32Array;
}

/** Number of samples. */
export const sampleCount = (dataset: Dataset): number => dataset.labels.length;
