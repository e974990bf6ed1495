import Papa from 'papaparse';
import { listLabels, matchLabels } from './labels.ts';
import { type LeftOut, ProblemList, type Reason } from './problems.ts';
import { chooseColumns, type TableColumns } from './table-columns.ts';
import { decodeTextFile } from './text-file.ts';

export interface TextTableOptions {
  /** Path or name, for messages; `.tsv` and `.tab` mean tab-separated, otherwise the separator is found. */
  readonly file: string;
  readonly bytes: Uint8Array;
  /** The run's labels. */
  readonly labels: readonly string[];
  readonly limits?: Partial<TextTableLimits>;
}

export interface TextTableLimits {
  readonly bytes: number;
  readonly rows: number;
  /** Characters of one text. */
  readonly characters: number;
}

export const textTableLimits: TextTableLimits = { bytes: 64 * 2 ** 20, rows: 200_000, characters: 20_000 };

export interface TextTable extends LeftOut {
  readonly texts: readonly string[];
  /** Indices into the run's labels, (N). */
  readonly labels: Int32Array;
  /** Which columns were taken, for the page to say; null when the file could not be used at all. */
  readonly columns: TableColumns | null;
}

interface Row {
  /** Line of the file the row begins on, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
  /** What the parser found wrong with it. */
  readonly error?: string;
}

/**
 * Reads a table of text and label: CSV, TSV, or separated by semicolons or bars; UTF-8 with or without a byte
 * order mark, or UTF-16 with one; any line ends; quotes doubled inside quotes.
 *
 * Nothing is thrown for a bad file: a file that cannot be used and each row that is left out are in `problems`
 * with the reason and the line. Blank lines are no problem and are passed over.
 */
export function readTextTable({ file, bytes, labels, limits }: TextTableOptions): TextTable {
  const limit = { ...textTableLimits, ...limits };
  const problems = new ProblemList();
  const content = decodeTextFile(bytes, limit.bytes);
  if ('reason' in content) {
    problems.add({ file, ...content });
    return { texts: [], labels: new Int32Array(), columns: null, ...problems };
  }
  // A header and one row too many can be told apart from a full table.
  const rows = readRows(content.text, file, labels, limit.rows + 2);
  const columns = chooseColumns(
    rows.map((row) => row.cells),
    labels,
  );
  if ('reason' in columns) {
    problems.add({ file, ...columns });
    return { texts: [], labels: new Int32Array(), columns: null, ...problems };
  }
  const body = columns.header ? rows.slice(1) : rows;
  if (body.length > limit.rows) {
    problems.add({ file, kind: 'too-many', reason: `only the first ${limit.rows} rows are used` });
  }
  const match = matchLabels(labels);
  const texts: string[] = [];
  const indices: number[] = [];
  for (const row of body.slice(0, limit.rows)) {
    const sample = readRow(row, columns, match, labels, limit.characters);
    if ('reason' in sample) {
      problems.add({ file, line: row.line, ...sample });
    } else {
      texts.push(sample.text);
      indices.push(sample.label);
    }
  }
  return { texts, labels: Int32Array.from(indices), columns, ...problems };
}

function readRow(
  { cells, error }: Row,
  columns: TableColumns,
  match: (label: string) => number | undefined,
  labels: readonly string[],
  characters: number,
): { readonly text: string; readonly label: number } | Reason {
  const text = cells[columns.textIndex]?.trim();
  const name = cells[columns.labelIndex]?.trim();
  if (error !== undefined) return { kind: 'malformed', reason: error };
  if (text === undefined || name === undefined) {
    return { kind: 'malformed', reason: `has ${cells.length} of the columns` };
  }
  if (text === '') return { kind: 'empty', reason: 'has no text' };
  if (name === '') return { kind: 'empty', reason: 'has no label' };
  if (text.length > characters) {
    return { kind: 'too-large', reason: `the text has more than ${characters} characters` };
  }
  const label = match(name);
  if (label !== undefined) return { text, label };
  const reason = `the label "${name.slice(0, 80)}" is none of this run's: ${listLabels(labels)}`;
  return { kind: 'unknown-label', reason };
}

/** Separators tried, the more usual first. */
const separators = [',', '\t', ';', '|'];
/** Rows looked at to find the separator. */
const inspected = 200;

/** The rows that are not blank, at most `most`. */
function readRows(text: string, file: string, labels: readonly string[], most: number): readonly Row[] {
  const separator = /\.(tsv|tab)$/i.test(file) ? '\t' : findSeparator(text, labels);
  const rows = parse(text, separator, '"', most);
  // Exports with tabs often do not quote at all; then a lone quotation mark would swallow the rows after it.
  const unquoted = separator === '\t' && rows.some((row) => row.error !== undefined);
  return unquoted ? parse(text, separator, '\0', most) : rows;
}

/** The separator under which most rows have a cell that is one of the labels; a comma when none has. */
function findSeparator(text: string, labels: readonly string[]): string {
  const match = matchLabels(labels);
  const scores = separators.map(
    (separator) =>
      parse(text, separator, '"', inspected).filter(
        ({ cells }) => cells.length > 1 && cells.some((cell) => match(cell.trim()) !== undefined),
      ).length,
  );
  return separators[scores.indexOf(Math.max(...scores))] ?? ',';
}

function parse(text: string, delimiter: string, quoteChar: string, most: number): Row[] {
  const rows: Row[] = [];
  let line = 1;
  Papa.parse<string[]>(text, {
    delimiter,
    newline: '\n',
    quoteChar,
    step: ({ data: cells, errors }, parser) => {
      if (cells.some((cell) => cell.trim() !== '')) {
        const unbalanced = errors.some((e) => e.type === 'Quotes');
        rows.push({ line, cells, ...(unbalanced ? { error: 'its quotation marks do not match' } : {}) });
      }
      line += 1 + cells.reduce((n, cell) => n + cell.split('\n').length - 1, 0);
      if (rows.length === most) parser.abort();
    },
  });
  return rows;
}
