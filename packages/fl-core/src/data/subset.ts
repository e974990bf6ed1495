import type { Dataset, ImageDataset } from './dataset.ts';

/**
 * The samples at `indices`, in that order, as a dataset of its own (pixels and labels are copied).
 * @throws RangeError for an index outside the dataset.
 */
export function subset<D extends Dataset>(dataset: D, indices: readonly number[]): D;
export function subset(dataset: Dataset, indices: readonly number[]): Dataset {
  const count = dataset.labels.length;
  for (const i of indices) {
    if (!Number.isInteger(i) || i < 0 || i >= count) {
      throw new RangeError(`sample ${i} is not one of the ${count} samples`);
    }
  }
  const labels = Int32Array.from(indices, (i) => dataset.labels[i]!);
  const { heldOut } = dataset;
  const split = heldOut ? { heldOut: Uint8Array.from(indices, (i) => heldOut[i]!) } : {};
  switch (dataset.kind) {
    case 'image':
      return { ...dataset, pixels: gatherImages(dataset, indices), labels, ...split };
    case 'text':
      return { ...dataset, tokens: indices.map((i) => dataset.tokens[i]!), labels, ...split };
    default:
      return dataset satisfies never;
  }
}

/** The pixels of the images at `indices`: (indices.length, side, side, 3). */
export function gatherImages(
  { side, pixels }: Pick<ImageDataset, 'side' | 'pixels'>,
  indices: readonly number[],
): Uint8Array {
  const stride = side * side * 3;
  const out = new Uint8Array(indices.length * stride);
  indices.forEach((source, row) => {
    out.set(pixels.subarray(source * stride, (source + 1) * stride), row * stride);
  });
  return out;
}
