import { type Dataset, sampleCount, viewOf } from './datasets/index.ts';

/**
 * Number of samples of each class, (classes): what the page shows as class balance. A sample of several classes
 * counts for each; where there are no labels, none do.
 * @throws RangeError when a label is not in [0, classes).
 */
export function classCounts(dataset: Dataset, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  viewOf(dataset).eachClass((label) => {
    if (label < 0 || label >= classes) throw new RangeError(`class ${label} is not in [0, ${classes})`);
    counts[label]! += 1;
  });
  return counts;
}

/** Indices of the samples of each class that occurs, classes in ascending order. */
export function indicesByClass(labels: ArrayLike<number>): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const label of [...new Set(Array.from(labels))].sort((a, b) => a - b)) groups.set(label, []);
  for (let i = 0; i < labels.length; i++) groups.get(labels[i]!)?.push(i);
  return groups;
}

/** Indices of every sample, `[0, 1, ..., N-1]`. */
export const allIndices = (dataset: Dataset): number[] =>
  Array.from({ length: sampleCount(dataset) }, (_, i) => i);
