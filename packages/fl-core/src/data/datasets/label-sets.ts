import { gather, gatherRows } from './rows.ts';
import type { DatasetView, Split, Tokens } from './view.ts';

/** Any number of classes a text. */
export interface LabelSetDataset extends Split, Tokens {
  readonly kind: 'label-sets';
  readonly classes: number;
  /** 1 where the text has the class, else 0, (N, classes). */
  readonly flags: Uint8Array;
}

/** A sample of several classes counts for each, and a split keeps the shares of the rarest. */
export const labelSets = (dataset: LabelSetDataset): DatasetView<LabelSetDataset> => {
  const { kind, classes, tokens, flags } = dataset;
  const eachClass = (say: (label: number) => void) =>
    flags.forEach((flag, i) => {
      if (flag === 1) say(i % classes);
    });
  return {
    count: tokens.length,
    pick: (indices) => ({
      kind,
      classes,
      tokens: gather(tokens, indices),
      flags: gatherRows(flags, classes, indices),
    }),
    eachClass,
    content: () => {
      const without = tokens.filter((_, i) => !flags.subarray(i * classes, (i + 1) * classes).includes(1));
      return { kind: 'label-sets', unlabelled: without.length };
    },
    strata: () => {
      const counts = new Array<number>(classes).fill(0);
      eachClass((label) => {
        counts[label]! += 1;
      });
      return rarestClasses(dataset, counts);
    },
    targets: (rows) => ({ kind: 'label-sets', classes, flags: gatherRows(flags, classes, rows) }),
  };
};

/** Of each sample the class that fewest samples have; `classes` for a sample of none. */
function rarestClasses({ classes, flags, tokens }: LabelSetDataset, counts: readonly number[]): Int32Array {
  const rarestFirst = counts
    .map((count, label) => ({ count, label }))
    .sort((a, b) => a.count - b.count)
    .map(({ label }) => label);
  return Int32Array.from(
    tokens,
    (_, i) => rarestFirst.find((label) => flags[i * classes + label] === 1) ?? classes,
  );
}
