import type { Meaning } from '../labels.ts';
import type { Reason } from '../problems.ts';
import { type Cell, textOf } from './cell.ts';
import { columnsOf, type LabelColumns, type TableColumns } from './columns/table-columns.ts';
import { flagOf, namesOf } from './label-cell.ts';
import type { Row } from './table-rows.ts';

/** What a row of a table is for any task: its text or its two, and the classes it has. */
export interface Sample {
  readonly texts: readonly string[];
  /** Class indices. */
  readonly labels: readonly number[];
}

export type RowResult =
  | { readonly kind: 'sample'; readonly sample: Sample }
  /** The person does not want it. */
  | { readonly kind: 'left-out' }
  /** Names that are none of the run's labels. */
  | { readonly kind: 'unknown'; readonly names: readonly string[] }
  | { readonly kind: 'problem'; readonly reason: Reason };

/** @param characters that a text may have. */
export function readRow(
  { cells, error }: Row,
  columns: TableColumns,
  meaning: (name: string) => Meaning,
  characters: number,
): RowResult {
  if (error !== undefined) return problem('malformed', error);
  if (columnsOf(columns).some(({ index }) => cells[index] === undefined)) {
    return problem('malformed', `has ${cells.length} of the columns`);
  }
  const texts = columns.texts.map(({ index }) => textOf(cells[index]));
  const empty = columns.texts.find((_, i) => texts[i] === '');
  if (empty !== undefined) {
    return problem('empty', texts.length === 1 ? 'has no text' : `has no text in ${empty.title}`);
  }
  if (texts.some((text) => text.length > characters)) {
    return problem('too-large', `the text has more than ${characters} characters`);
  }
  return readLabels(cells, columns.labels, meaning, texts);
}

const problem = (kind: Reason['kind'], reason: string): RowResult => ({
  kind: 'problem',
  reason: { kind, reason },
});

function readLabels(
  cells: readonly Cell[],
  columns: LabelColumns,
  meaning: (name: string) => Meaning,
  texts: readonly string[],
): RowResult {
  const sample = (labels: readonly number[]): RowResult => ({ kind: 'sample', sample: { texts, labels } });
  switch (columns.kind) {
    case 'none':
      return sample([]);
    case 'one': {
      const name = textOf(cells[columns.column.index]);
      if (name === '') return problem('empty', 'has no label');
      const label = meaning(name);
      if (label === undefined) return { kind: 'unknown', names: [name] };
      return label === 'left-out' ? { kind: 'left-out' } : sample([label]);
    }
    case 'list': {
      const { column, separator } = columns;
      const cell = cells[column.index] ?? null;
      if (cell === null) return problem('malformed', `has no ${column.title}: an empty list means no label`);
      const names = namesOf(cell, separator, (name) => meaning(name) !== undefined);
      const unknown = names.filter((name) => meaning(name) === undefined);
      if (unknown.length > 0) return { kind: 'unknown', names: unknown };
      // A name that is left out leaves the text its other labels.
      return sample([...new Set(names.map(meaning).filter((label) => typeof label === 'number'))]);
    }
    case 'flags': {
      const flags = columns.columns.map(({ index }) => flagOf(cells[index]));
      const unclear = columns.columns.find((_, i) => flags[i] === undefined);
      if (unclear !== undefined) {
        const found = textOf(cells[unclear.index]).slice(0, 40);
        return problem('malformed', `${unclear.title} has "${found}" where 0 or 1 is needed`);
      }
      return sample(flags.flatMap((flag, label) => (flag ? [label] : [])));
    }
    default:
      return columns satisfies never;
  }
}
