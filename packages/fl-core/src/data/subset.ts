import { type Dataset, type ImageDataset, sampleCount } from './dataset.ts';

/**
 * The samples at `indices`, in that order, as a dataset of its own (pixels and labels are copied).
 * @throws RangeError for an index outside the dataset.
 */
export function subset<D extends Dataset>(dataset: D, indices: readonly number[]): D;
export function subset(dataset: Dataset, indices: readonly number[]): Dataset {
  const count = sampleCount(dataset);
  for (const i of indices) {
    if (!Number.isInteger(i) || i < 0 || i >= count) {
      throw new RangeError(`sample ${i} is not one of the ${count} samples`);
    }
  }
  const { heldOut } = dataset;
  const split = heldOut ? { heldOut: Uint8Array.from(indices, (i) => heldOut[i]!) } : {};
  switch (dataset.kind) {
    case 'image':
      return {
        ...dataset,
        ...split,
        pixels: gatherImages(dataset, indices),
        labels: pickLabels(dataset.labels, indices),
      };
    case 'text': {
      const { segments } = dataset;
      return {
        ...dataset,
        ...split,
        tokens: indices.map((i) => dataset.tokens[i]!),
        ...(segments ? { segments: indices.map((i) => segments[i]!) } : {}),
        labels: pickLabels(dataset.labels, indices),
      };
    }
    case 'label-sets':
      return {
        ...dataset,
        ...split,
        tokens: indices.map((i) => dataset.tokens[i]!),
        flags: gatherRows(dataset.flags, dataset.classes, indices),
      };
    case 'passages':
      return { ...dataset, ...split, tokens: indices.map((i) => dataset.tokens[i]!) };
    default:
      return dataset satisfies never;
  }
}

const pickLabels = (labels: Int32Array, indices: readonly number[]) =>
  Int32Array.from(indices, (i) => labels[i]!);

/** The pixels of the images at `indices`: (indices.length, side, side, 3). */
export function gatherImages(
  { side, pixels }: Pick<ImageDataset, 'side' | 'pixels'>,
  indices: readonly number[],
): Uint8Array {
  return gatherRows(pixels, side * side * 3, indices);
}

/** Rows of `stride` bytes at `indices`: (indices.length, stride). */
export function gatherRows(rows: Uint8Array, stride: number, indices: readonly number[]): Uint8Array {
  const out = new Uint8Array(indices.length * stride);
  indices.forEach((source, row) => {
    out.set(rows.subarray(source * stride, (source + 1) * stride), row * stride);
  });
  return out;
}
