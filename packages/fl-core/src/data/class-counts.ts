import { type Dataset, type LabelSetDataset, sampleCount } from './dataset.ts';

/**
 * Number of samples of each class, (classes): what the page shows as class balance. A sample of several classes
 * counts for each; passages have none.
 * @throws RangeError when a label is not in [0, classes).
 */
export function classCounts(dataset: Dataset, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  const count = (label: number) => {
    if (label < 0 || label >= classes) throw new RangeError(`class ${label} is not in [0, ${classes})`);
    counts[label]! += 1;
  };
  switch (dataset.kind) {
    case 'image':
    case 'text':
      dataset.labels.forEach(count);
      return counts;
    case 'label-sets':
      dataset.flags.forEach((flag, i) => {
        if (flag === 1) count(i % dataset.classes);
      });
      return counts;
    case 'passages':
      return counts;
    default:
      return dataset satisfies never;
  }
}

/** What a split keeps the shares of, (N): the class; of several classes the rarest; passages are all alike. */
export function strataOf(dataset: Dataset): Int32Array {
  switch (dataset.kind) {
    case 'image':
    case 'text':
      return dataset.labels;
    case 'label-sets':
      return rarestClasses(dataset);
    case 'passages':
      return new Int32Array(dataset.tokens.length);
    default:
      return dataset satisfies never;
  }
}

/** Of each sample the class that fewest samples have; `classes` for a sample of none. */
function rarestClasses(dataset: LabelSetDataset): Int32Array {
  const { classes, flags, tokens } = dataset;
  const rarestFirst = classCounts(dataset, classes)
    .map((count, label) => ({ count, label }))
    .sort((a, b) => a.count - b.count)
    .map(({ label }) => label);
  return Int32Array.from(
    tokens,
    (_, i) => rarestFirst.find((label) => flags[i * classes + label] === 1) ?? classes,
  );
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
