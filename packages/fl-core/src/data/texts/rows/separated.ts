import Papa from 'papaparse';
import { type Cell, textOf } from '../cell.ts';
import type { RawTable, Row } from './row.ts';

/** What tells a good way to read a table from a bad one. */
export interface Telling {
  /** Whether a cell says something of the labels. */
  known(cell: Cell): boolean;
  /** Whether a first row has a usual name for a column. */
  names(first: readonly Cell[]): boolean;
}

/** Separators tried, the more usual first. */
const separators = [',', '\t', ';', '|'];
/** Rows looked at to find the separator. */
const inspected = 200;
/** Characters at the beginning in which they are. */
const inspectedCharacters = 2 ** 18;
/** Rows with quotation marks that do not match, after which the others are not read. */
const mostBroken = 5000;
/** After so many of them a row is looked for its end in a smaller part: each search costs what it looks through. */
const fewBroken = 4;
/** Characters of a row with quotation marks, at most. */
const longestRow = 2 ** 22;

const unmatched =
  'its quotation marks do not match: write each one inside a text twice, and one at either end of the text';

/** The rows of separated values that are not blank, at most `most`. */
export function readSeparated(text: string, file: string, telling: Telling, most: number): RawTable {
  // Spreadsheets say the separator in a line of its own.
  const said = /^sep=(.)\n/i.exec(text)?.[1];
  const separator = said ?? (/\.(tsv|tab)$/i.test(file) && text.includes('\t') ? '\t' : find(text, telling));
  const skipped = said === undefined ? 0 : 1;
  const read = (quote: string) => parse(text, { separator, quote, most, skipped, known: telling.known });
  const rows = read('"');
  // Exports with tabs often do not quote at all, others seldom; then a lone mark would swallow the rows after it.
  const broken = rows.filter((row) => row.error !== undefined).length;
  const unquoted = broken > (separator === '\t' ? 0 : rows.length / 2);
  return { rows: withRowNames(unquoted ? read('\0') : rows), fields: false, separator };
}

/**
 * The separator under which most rows have a cell that is one of the labels; when none has, the one under which
 * the first row names the columns, then the one that gives most rows as many cells; else a comma.
 */
function find(whole: string, { known, names }: Telling): string {
  const text = whole.slice(0, inspectedCharacters);
  const scores = separators.map((separator) => {
    const rows = parse(text, { separator, quote: '"', most: inspected, skipped: 0, known });
    const wide = rows.filter(({ cells }) => cells.length > 1);
    const hits = wide.filter(({ cells }) => cells.some(known));
    const alike = wide.filter(({ cells }) => cells.length === rows[0]?.cells.length).length / rows.length;
    const named = (rows[0]?.cells.length ?? 0) > 1 && names(rows[0]?.cells ?? []);
    return hits.length + (named ? 0.5 : 0) + 0.4 * (alike || 0);
  });
  return separators[scores.indexOf(Math.max(...scores))] ?? ',';
}

interface Parsing {
  readonly separator: string;
  readonly quote: string;
  readonly most: number;
  /** Lines that are no rows. */
  readonly skipped: number;
  readonly known: (cell: Cell) => boolean;
}

/**
 * Reads part by part, and on behind the first line of a row whose quotation marks do not match: the rows that it would
 * swallow are read, and it is told alone.
 */
function parse(text: string, { separator, quote, most, skipped, known }: Parsing): Row[] {
  const starts = lineStarts(text);
  const rows: Row[] = [];
  let [at, broken] = [skipped, 0];
  while (at < starts.length && rows.length < most) {
    const from = at;
    const to = partEnd(starts, from, broken < fewBroken ? longestRow : longestRow / 32);
    Papa.parse<string[]>(text.slice(starts[from], starts[to]), {
      delimiter: separator,
      newline: '\n',
      quoteChar: quote,
      step: ({ data: cells, errors }, parser) => {
        if (at >= to || rows.length >= most) return parser.abort();
        const line = at + 1;
        const lines = 1 + cells.reduce((n, cell) => n + cell.split('\n').length - 1, 0);
        const source = text.slice(starts[at], starts[at + lines]);
        const open = errors.some((e) => e.type === 'Quotes');
        // The end of the part, not of the row: it is read again, first in the next one.
        if (open && at > from && at + lines >= to && to < starts.length) return parser.abort();
        if (open || swallows(source, lines, separator, known)) {
          broken += 1;
          const last = broken === mostBroken;
          const error = last
            ? `${unmatched}; nor do those of many before it, and none after it is read`
            : unmatched;
          rows.push({ line, cells: source.split('\n', 1)[0]!.split(separator), error });
          at = last ? starts.length : at + 1;
          return parser.abort();
        }
        const quoted = source.includes(quote);
        if (cells.some((cell) => cell.trim() !== ''))
          rows.push({ line, cells, ...(quoted ? { quoted } : {}) });
        at += lines;
      },
    });
    if (at === from) at = to; // nothing stands behind the last line end
  }
  return rows;
}

/** The line before which a part of so many characters ends, one line at least. */
function partEnd(starts: readonly number[], from: number, characters: number): number {
  let [low, high] = [from + 1, starts.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? Number.POSITIVE_INFINITY) - starts[from]! <= characters) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Where each line begins. */
function lineStarts(text: string): number[] {
  const starts = [0];
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) starts.push(end + 1);
  return starts;
}

/**
 * Whether a row of several lines looks like several rows that a quotation mark has made one: a later line has as many
 * cells as the first, and the label in the same place; between tabs the cells are enough, and elsewhere where all of
 * three lines or more have as many.
 */
function swallows(source: string, lines: number, separator: string, known: Parsing['known']): boolean {
  if (lines === 1) return false;
  const [first = [], ...others] = source
    .trimEnd()
    .split('\n')
    .map((line) => line.split(separator));
  const place = first.findIndex((cell) => known(cell));
  const alike =
    others.length > 1 && first.length > 1 && others.every(({ length }) => length === first.length);
  return (
    alike ||
    others.some(
      (cells) =>
        cells.length > 1 &&
        cells.length === first.length &&
        (separator === '\t' || (place !== -1 && known(cells[place]!))),
    )
  );
}

/** R names no column of row names: its first row is one short of all others. */
function withRowNames(rows: readonly Row[]): readonly Row[] {
  const [first, ...body] = rows;
  if (first?.quoted !== true || body.length === 0) return rows;
  const short = body.every(
    ({ cells, quoted }) =>
      quoted && cells.length === first.cells.length + 1 && /^\d+$/.test(textOf(cells[0])),
  );
  return short ? [{ ...first, cells: ['', ...first.cells] }, ...body] : rows;
}
