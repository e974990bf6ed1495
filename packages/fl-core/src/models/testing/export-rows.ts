import type { Targets } from '../targets.ts';

/** What is to come of one sample: its label as Python writes it, and numbers; how much of it the model has right. */
export interface Row {
  readonly label?: string | readonly string[];
  readonly values: readonly number[];
  readonly right: number;
}

const largest = (values: readonly number[]): number => values.indexOf(Math.max(...values));

/**
 * @param logits of each sample, (B, C), or of each of its tokens, (B, T, V).
 * @param labels (C); none where tokens are predicted.
 */
export function rowsOf(
  targets: Targets,
  logits: readonly (readonly number[])[] | number[][][],
  labels: readonly string[],
): Row[] {
  switch (targets.kind) {
    case 'classes':
      return (logits as number[][]).map((values, row) => {
        const label = targets.ids[row]!;
        return { label: labels[label]!, values, right: Number(largest(values) === label) };
      });
    case 'label-sets':
      return (logits as number[][]).map((values, row) => {
        const has = labels.map((_, i) => targets.flags[row * labels.length + i] === 1);
        const both = values.filter((v, i) => v > 0 && has[i]).length;
        const either = values.filter((v, i) => v > 0 || has[i]).length;
        return { label: labels.filter((_, i) => has[i]), values, right: either === 0 ? 1 : both / either };
      });
    case 'next-tokens':
      return (logits as number[][][]).map((tokens, row) => {
        const ids = targets.ids.subarray(row * targets.length, (row + 1) * targets.length);
        const told = tokens.flatMap((values, t) => (ids[t]! < 0 ? [] : [{ values, next: ids[t]! }]));
        return {
          values: told.map(
            ({ values, next }) => values[next]! - Math.log(values.reduce((sum, v) => sum + Math.exp(v), 0)),
          ),
          right: told.filter(({ values, next }) => largest(values) === next).length,
        };
      });
    default:
      return targets satisfies never;
  }
}
