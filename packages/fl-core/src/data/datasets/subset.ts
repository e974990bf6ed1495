import { type Dataset, viewOf } from './index.ts';

/**
 * The samples at `indices`, in that order, as a dataset of its own (pixels and labels are copied).
 * @throws RangeError for an index outside the dataset.
 */
export function subset<D extends Dataset>(dataset: D, indices: readonly number[]): D;
export function subset(dataset: Dataset, indices: readonly number[]): Dataset {
  const { count, pick } = viewOf(dataset);
  for (const i of indices) {
    if (!Number.isInteger(i) || i < 0 || i >= count) {
      throw new RangeError(`sample ${i} is not one of the ${count} samples`);
    }
  }
  const { heldOut } = dataset;
  return {
    ...pick(indices),
    ...(heldOut ? { heldOut: Uint8Array.from(indices, (i) => heldOut[i]!) } : {}),
  };
}
