import type { Targets } from '../../models/targets.ts';

/** What the samples are, as far as there is more to say than how many. */
export type DataContent =
  /** One label each. */
  | { readonly kind: 'labelled' }
  /** Any number of labels each; a sample counts for each of its labels, and `unlabelled` have none. */
  | { readonly kind: 'label-sets'; readonly unlabelled: number }
  /** No labels; `tokens` is the mean length. */
  | { readonly kind: 'passages'; readonly tokens: number };

/** What everything else asks of a dataset, whatever its kind. */
export interface DatasetView<D> {
  /** Number of samples. */
  readonly count: number;
  /** The samples at `indices`, in that order, copied; without the split of the data. */
  readonly pick: (indices: readonly number[]) => D;
  /** Says each class of each sample, in any order; nothing where there are none. */
  readonly eachClass: (say: (label: number) => void) => void;
  /** What there is to say of it to people. */
  readonly content: () => DataContent;
  /** What a split keeps the shares of, (N). */
  readonly strata: () => Int32Array;
  /** What the model is to say of the samples `rows`. @param length what texts are padded to. */
  readonly targets: (rows: readonly number[], length: number) => Targets;
}

/** A split that the data itself brings. */
export interface Split {
  /**
   * 1 for each sample that the data itself sets aside for testing, else 0, (N). Absent when the data comes
   * without a split of its own; then `splitHoldOut` draws one.
   */
  readonly heldOut?: Uint8Array;
}

/** One class a sample. */
export interface Labelled extends Split {
  /** Class indices, (N). */
  readonly labels: Int32Array;
}

export interface Tokens {
  /** Token ids of each sample, already cut to the model's maximum. */
  readonly tokens: readonly Int32Array[];
}
