import type { Meaning } from '../../labels.ts';
import type { Reason } from '../../problems.ts';
import type { Column } from './table-view.ts';

/** Which columns of a table are used, and how. */
export interface TableColumns {
  /** Whether the first row names the columns. */
  readonly header: boolean;
  /** Cells that a row should have. */
  readonly width: number;
  /**
   * The columns of the texts, or those of the first and those of the second text of a pair: a title and what stands
   * below it are one text in two columns, in this order.
   */
  readonly texts: readonly (readonly Column[])[];
  readonly labels: LabelColumns;
}

/** Why nobody but the person can say which columns are used; the labels are known where the texts are not. */
export interface UnclearColumns extends Reason {
  readonly labels: LabelColumns | null;
}

export type LabelColumns =
  | { readonly kind: 'none' }
  /** One label a cell. */
  | { readonly kind: 'one'; readonly column: Column }
  /** Any number of labels a cell, as a list or between separators; null: at most one. */
  | { readonly kind: 'list'; readonly column: Column; readonly separator: string | null }
  /** A column for each label that is named, each cell a flag. */
  | { readonly kind: 'flags'; readonly columns: readonly FlagColumn[]; readonly several: boolean };

export interface FlagColumn extends Column {
  /** The label's class index. */
  readonly label: number;
}

/** What a task needs of a table. */
export interface ColumnNeeds {
  /** A text, or two. */
  readonly texts: 1 | 2;
  readonly labels: 'none' | 'one' | 'several';
}

/** What is known of the run. */
export interface RunLabels {
  /** None: they are not known yet, and are what stands in the column. */
  readonly labels: readonly string[];
  /** The class of a name, also of one that the person has said the meaning of. */
  readonly meaning: (name: string) => Meaning;
}

/** Every column that is used: without them a row cannot be read. */
export function columnsOf({ texts, labels }: Pick<TableColumns, 'texts' | 'labels'>): readonly Column[] {
  switch (labels.kind) {
    case 'none':
      return texts.flat();
    case 'one':
    case 'list':
      return [...texts.flat(), labels.column];
    case 'flags':
      return [...texts.flat(), ...labels.columns];
    default:
      return labels satisfies never;
  }
}
