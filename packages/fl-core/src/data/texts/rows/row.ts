import type { Cell } from '../cell.ts';

/** One row of a table, whatever the file it is from. */
export interface Row {
  /** Line of the file the row begins on, from 1. */
  readonly line: number;
  readonly cells: readonly Cell[];
  /** What is wrong with it, for people: it cannot be read. */
  readonly error?: string;
  /** Whether quotation marks in it part its cells; a row with more cells than columns is then not put together again. */
  readonly quoted?: boolean;
}

/** A table before anybody knows which of its columns are used. */
export interface RawTable {
  readonly rows: readonly Row[];
  /** Whether the first row surely names the columns, as those made of JSON do. */
  readonly fields: boolean;
  /** What parts the cells of a row. */
  readonly separator: string;
}
