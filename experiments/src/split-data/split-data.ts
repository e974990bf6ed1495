import type { RawImages, RawTexts } from '@strata/fl-core/data';

/** Data with the split its makers gave it. */
export type SplitData = Split<RawTexts> | Split<RawImages>;

export interface Split<S> {
  readonly labels: readonly string[];
  readonly train: S;
  readonly test: S;
  /** What each sample shows, where several show the same in other styles; those of one must stay on one side. */
  readonly items?: { readonly train: readonly number[]; readonly test: readonly number[] };
}
