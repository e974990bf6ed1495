import type { Meaning } from '../../labels.ts';
import type { Reason } from '../../problems.ts';
import type { Cell } from '../cell.ts';
import type { Column, TableView } from './table-view.ts';

/** Which columns of a table are used, and how. */
export interface TableColumns {
  /** Whether the first row names the columns. */
  readonly header: boolean;
  /** The column of texts, or those of the first and of the second text of a pair. */
  readonly texts: readonly Column[];
  readonly labels: LabelColumns;
}

export type LabelColumns =
  | { readonly kind: 'none' }
  /** One label a cell. */
  | { readonly kind: 'one'; readonly column: Column }
  /** Any number of labels a cell, as a list of JSON or between separators; null: at most one. */
  | { readonly kind: 'list'; readonly column: Column; readonly separator: string | null }
  /** A column for every label of the run, in their order, each cell a flag. */
  | { readonly kind: 'flags'; readonly columns: readonly Column[] };

/** Finds the columns of a table for one task. */
export interface ColumnFinder {
  /** Whether a cell says something of the labels: separators and columns are found by it. */
  known(cell: Cell): boolean;
  /** Whether the first row names the columns as usual. */
  isNamed(table: TableView): boolean;
  /** The columns, or why there is none. */
  choose(table: TableView): TableColumns | Reason;
}

/** What finders know of the run. */
export interface RunLabels {
  readonly labels: readonly string[];
  /** The class of a name, also of one that the person has said the meaning of. */
  readonly meaning: (name: string) => Meaning;
}

/** Every column that is used: without them a row cannot be read. */
export function columnsOf({ texts, labels }: TableColumns): readonly Column[] {
  switch (labels.kind) {
    case 'none':
      return texts;
    case 'one':
    case 'list':
      return [...texts, labels.column];
    case 'flags':
      return [...texts, ...labels.columns];
    default:
      return labels satisfies never;
  }
}
