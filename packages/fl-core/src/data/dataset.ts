/** Local data as plain arrays; lives only in the worker (C5). */
export type Dataset = ImageDataset | TokenDataset;
/** Texts as token ids. */
export type TokenDataset = TextDataset | LabelSetDataset | PassageDataset;

interface Split {
  /**
   * 1 for each sample that the data itself sets aside for testing, else 0, (N). Absent when the data comes
   * without a split of its own; then {@link splitHoldOut} draws one.
   */
  readonly heldOut?: Uint8Array;
}

interface Labelled extends Split {
  /** Class indices, (N). */
  readonly labels: Int32Array;
}

interface Tokens {
  /** Token ids of each sample, already cut to the model's maximum. */
  readonly tokens: readonly Int32Array[];
}

export interface ImageDataset extends Labelled {
  readonly kind: 'image';
  readonly side: number;
  /** RGB bytes, (N, side, side, 3), row-major. */
  readonly pixels: Uint8Array;
}

/** One class a text, or a pair of texts. */
export interface TextDataset extends Labelled, Tokens {
  readonly kind: 'text';
  /** Which text of a pair each token is of, 0 or 1, as long as the tokens; absent: the texts are single. */
  readonly segments?: readonly Uint8Array[];
}

/** Any number of classes a text. */
export interface LabelSetDataset extends Split, Tokens {
  readonly kind: 'label-sets';
  readonly classes: number;
  /** 1 where the text has the class, else 0, (N, classes). */
  readonly flags: Uint8Array;
}

/** Passages of text whose next tokens are to be predicted; each has 2 tokens or more. */
export interface PassageDataset extends Split, Tokens {
  readonly kind: 'passages';
}

/** Number of samples. */
export function sampleCount(dataset: Dataset): number {
  switch (dataset.kind) {
    case 'image':
    case 'text':
      return dataset.labels.length;
    case 'label-sets':
    case 'passages':
      return dataset.tokens.length;
    default:
      return dataset satisfies never;
  }
}
