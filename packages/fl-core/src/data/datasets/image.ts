import { classTargets } from '../../models/targets.ts';
import { gatherLabels, gatherRows } from './rows.ts';
import type { DatasetView, Labelled } from './view.ts';

export interface ImageDataset extends Labelled {
  readonly kind: 'image';
  readonly side: number;
  /** RGB bytes, (N, side, side, 3), row-major. */
  readonly pixels: Uint8Array;
}

export const image = (dataset: ImageDataset): DatasetView<ImageDataset> => {
  const { kind, side, labels } = dataset;
  return {
    count: labels.length,
    pick: (indices) => ({
      kind,
      side,
      pixels: gatherImages(dataset, indices),
      labels: gatherLabels(labels, indices),
    }),
    eachClass: (say) => labels.forEach(say),
    content: () => ({ kind: 'labelled' }),
    strata: () => labels,
    targets: (rows) => classTargets(gatherLabels(labels, rows)),
  };
};

/** The pixels of the images at `indices`: (indices.length, side, side, 3). */
export const gatherImages = (
  { side, pixels }: Pick<ImageDataset, 'side' | 'pixels'>,
  indices: readonly number[],
): Uint8Array => gatherRows(pixels, side * side * 3, indices);
