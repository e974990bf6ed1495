import type { Meaning } from '../labels.ts';
import type { Reason } from '../problems.ts';
import { type Cell, textOf } from './cell.ts';
import { columnsOf, type LabelColumns, type TableColumns } from './columns/table-columns.ts';
import { lastFilled } from './columns/table-view.ts';
import { flagOf, namesOf, onlyName } from './label-cell.ts';
import type { Row } from './rows/row.ts';

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

export interface RowReading {
  readonly columns: TableColumns;
  readonly meaning: (name: string) => Meaning;
  /** What parts the cells of a row. */
  readonly separator: string;
  /** That a text may have. */
  readonly characters: number;
}

export function readRow(row: Row, reading: RowReading): RowResult {
  const { columns, meaning, characters } = reading;
  if (row.error !== undefined) return problem('malformed', row.error);
  const cells = fitted(row, reading);
  if (cells === null) return problem('malformed', tooMany(row, reading));
  if (columnsOf(columns).some(({ index }) => cells[index] === undefined)) {
    return problem('malformed', `has ${cells.length} of the columns`);
  }
  // A title may be missing above a text, and a text below a title.
  const texts = columns.texts.map((of) =>
    of
      .map(({ index }) => textOf(cells[index]))
      .filter((text) => text !== '')
      .join('\n'),
  );
  const empty = columns.texts.find((_, i) => texts[i] === '');
  if (empty !== undefined) {
    return problem('empty', texts.length === 1 ? 'has no text' : `has no text in ${empty[0]?.title}`);
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

/**
 * The cells of a row, each in its column; null where there are more than columns. A text without quotation marks that
 * has the separator in it is put together again, where it is surely the text that is in pieces: it is the only one of
 * the table, nothing in the row is quoted, and what then stands for its label is one.
 */
function fitted(
  { cells, quoted = false }: Row,
  { columns, separator, meaning }: RowReading,
): readonly Cell[] | null {
  const { texts, labels, width } = columns;
  const more = cells.length - width;
  if (more <= 0 || lastFilled(cells) < width) return cells;
  const [text, ...others] = texts.flat();
  if (quoted || text === undefined || others.length > 0) return null;
  const end = text.index + more + 1;
  const whole = cells.slice(text.index, end).map((cell) => (typeof cell === 'string' ? cell : ''));
  const mended = [...cells.slice(0, text.index), whole.join(separator), ...cells.slice(end)];
  const isKnown = (name: string) => meaning(name) !== undefined;
  switch (labels.kind) {
    case 'none':
      return width === 1 ? mended : null;
    case 'one':
      return isKnown(onlyName(mended[labels.column.index] ?? null, isKnown) ?? '') ? mended : null;
    case 'list':
      return namesOf(mended[labels.column.index] ?? null, labels.separator, isKnown).every(isKnown)
        ? mended
        : null;
    case 'flags':
      return labels.columns.every(({ index }) => flagOf(mended[index]) !== undefined) ? mended : null;
    default:
      return labels satisfies never;
  }
}

function tooMany({ cells }: Row, { columns: { width }, separator }: RowReading): string {
  const name = separator === '\t' ? 'a tab' : `"${separator}"`;
  return `has ${cells.length} cells for ${width} columns: put quotation marks around a text that has ${name} in it`;
}

function readLabels(
  cells: readonly Cell[],
  columns: LabelColumns,
  meaning: (name: string) => Meaning,
  texts: readonly string[],
): RowResult {
  const sample = (labels: readonly number[]): RowResult => ({ kind: 'sample', sample: { texts, labels } });
  const isKnown = (name: string) => meaning(name) !== undefined;
  switch (columns.kind) {
    case 'none':
      return sample([]);
    case 'one': {
      const cell = cells[columns.column.index] ?? null;
      const names = namesOf(cell, null, isKnown);
      const name = onlyName(cell, isKnown);
      if (names.length > 1) return problem('malformed', `has ${names.length} labels where one is needed`);
      if (name === undefined) return problem('empty', 'has no label');
      const label = meaning(name);
      if (label === undefined) return { kind: 'unknown', names: [name] };
      return label === 'left-out' ? { kind: 'left-out' } : sample([label]);
    }
    case 'list': {
      const { column, separator } = columns;
      const cell = cells[column.index] ?? null;
      if (cell === null) return problem('malformed', `has no ${column.title}: an empty list means no label`);
      const names = namesOf(cell, separator, isKnown);
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
      const labels = columns.columns.flatMap(({ label }, i) => (flags[i] ? [label] : []));
      if (columns.several || labels.length === 1) return sample(labels);
      return problem(
        'malformed',
        `has ${labels.length === 0 ? 'none' : labels.length} of the labels where one is needed`,
      );
    }
    default:
      return columns satisfies never;
  }
}
