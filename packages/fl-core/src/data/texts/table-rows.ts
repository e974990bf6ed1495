import Papa from 'papaparse';
import type { Cell } from './cell.ts';
import type { ColumnFinder } from './columns/table-columns.ts';
import { TableView } from './columns/table-view.ts';

/** One row of a table, whatever the file it is from. */
export interface Row {
  /** Line of the file the row begins on, from 1. */
  readonly line: number;
  readonly cells: readonly Cell[];
  /** What the parser found wrong with it. */
  readonly error?: string;
}

/** Separators tried, the more usual first. */
const separators = [',', '\t', ';', '|'];
/** Rows looked at to find the separator. */
const inspected = 200;

/**
 * The rows that are not blank, at most `most`.
 * @param finder knows a good separator.
 */
export function readTableRows(
  text: string,
  file: string,
  finder: ColumnFinder,
  most: number,
): readonly Row[] {
  const separator = /\.(tsv|tab)$/i.test(file) ? '\t' : findSeparator(text, finder);
  const rows = parse(text, separator, '"', most);
  // Exports with tabs often do not quote at all; then a lone quotation mark would swallow the rows after it.
  const unquoted = separator === '\t' && rows.some((row) => row.error !== undefined);
  return unquoted ? parse(text, separator, '\0', most) : rows;
}

/**
 * The separator under which most rows have a cell that is one of the labels; when none has, the one under which
 * the first row names the columns; else a comma.
 */
function findSeparator(text: string, finder: ColumnFinder): string {
  const scores = separators.map((separator) => {
    const rows = parse(text, separator, '"', inspected);
    const hits = rows.filter(({ cells }) => cells.length > 1 && cells.some(finder.known));
    const view = new TableView(
      rows.map(({ cells }) => cells),
      false,
    );
    return hits.length + (finder.isNamed(view) ? 0.5 : 0);
  });
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
