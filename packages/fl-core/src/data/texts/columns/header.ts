import { type Cell, textOf } from '../cell.ts';
import { contentsOf } from './contents.ts';
import type { TableView } from './table-view.ts';
import { isUsualName, wordsOf } from './usual-names.ts';

/** Rows below the first, from which its being unlike them says something. */
const telling = 3;
/** Words of the name of a column, at most. */
const mostWords = 3;

/** Whether a row has a usual name of a column, a label of the run aside. @param known a label, or has one. */
export const hasUsualName = (row: readonly Cell[], known: (cell: Cell) => boolean): boolean =>
  row.some((cell) => !known(cell) && isUsualName(textOf(cell)));

/**
 * Whether the first row names the columns: it has a usual name; or it has short texts only, and is unlike all that
 * stands below it: no label where all others are the run's, words where the others are ids, dates or numbers.
 *
 * @param known whether a cell says something of the labels.
 * @param labels the column of labels by what stands in it, or -1: a first row with a label there is a sample.
 */
export function isHeader(table: TableView, known: (cell: Cell) => boolean, labels: number): boolean {
  if (table.fields) return true;
  const first = table.first();
  if (labels !== -1 && known(first[labels] ?? null)) return false;
  if (hasUsualName(first, known)) return true;
  // The first row may be shorter than those below it.
  const names = Array.from({ length: table.width(false) }, (_, index) => textOf(first[index] ?? null));
  if (table.length <= telling || names.some((name) => wordsOf(name).length > mostWords)) return false;
  if (names.filter((name) => name === '').length > 1 || new Set(names).size < names.length) return false;
  const below = names.map((_, index) => table.cells(index, false).slice(1));
  const unlike = (index: number) => contentsOf([names[index]!]).readable && isOpaque(below[index]!);
  return (
    (labels !== -1 &&
      below[labels]!.every((cell) => known(cell) || textOf(cell) === '') &&
      below.some(isProse)) ||
    names.some((_, index) => unlike(index))
  );
}

/** Whether no filled cell has a word in it. */
const isOpaque = (cells: readonly Cell[]): boolean => {
  const { filled, vocabulary } = contentsOf(cells);
  return filled >= telling && vocabulary === 0;
};

const isProse = (cells: readonly Cell[]): boolean => contentsOf(cells).words > mostWords;
