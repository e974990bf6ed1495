import type { RawTexts } from '../../raw-samples.ts';
import type { ColumnNeeds } from '../columns/table-columns.ts';
import type { PlacedSample } from '../placed-samples.ts';
import type { Sample } from '../read-row.ts';
import type { TokenDatasetOptions, Tokenized } from './encode.ts';

/** One of the forms that samples of texts have, from the table of a person to token ids; tasks name theirs. */
export interface TextForm<R> {
  /** What one sample is, for messages. */
  readonly thing: 'text' | 'pair';
  /** Whether a file that is no table is a text as it stands; texts of tables may be as long as a file, too. */
  readonly wholeFiles: boolean;
  /** What columns of a table are looked for. */
  readonly needs: ColumnNeeds;
  /** The samples of tables, at least one text and the labels that the columns ask for in each. */
  readonly collect: (samples: readonly PlacedSample[], classes: readonly string[]) => R;
  /** What labels a sample has, for messages: `the label "plant"`; empty where the form has none. */
  readonly said: (sample: Sample, classes: readonly string[]) => string;
  /** The same of built-in texts of one class each; null where they have nothing for it. */
  readonly ofTexts: ((raw: RawTexts) => R) | null;
  /** As token ids. @throws StrataError `bad-config` where the model's tokenizer has no such form. */
  readonly encode: (raw: R, options: TokenDatasetOptions) => Promise<Tokenized>;
}
