import type { Reason } from '../../problems.ts';
import { isHeader } from './header.ts';
import {
  flagColumns,
  type LabelSearch,
  labelSearch,
  labelsByName,
  labelsByValues,
  ofColumn,
  ofFlags,
} from './label-columns.ts';
import {
  type ColumnNeeds,
  columnsOf,
  type LabelColumns,
  type RunLabels,
  type TableColumns,
  type UnclearColumns,
} from './table-columns.ts';
import type { TableView } from './table-view.ts';
import { textColumns } from './text-columns.ts';

/**
 * Decides which columns of a table hold the texts and the labels of a task.
 *
 * 1. The first row is a header when it has a usual name for a column, or is unlike all rows below it.
 * 2. The labels are the column whose values are the run's labels, or a column for each of them with a flag in it; else
 *    the one named as labels usually are, or whose values come back: then the person says what they mean.
 * 3. The texts are the column named as texts usually are, else the one with clearly the most different words. Ids,
 *    dates, numbers and addresses are no texts.
 *
 * Where this leaves more than one, nothing is guessed: the person says it.
 */
export function chooseColumns(
  table: TableView,
  run: RunLabels,
  needs: ColumnNeeds,
): TableColumns | UnclearColumns {
  const search = labelSearch(run, needs.labels);
  const header = findHeader(table, run, needs);
  const flags = header ? flagColumns(table, search) : null;
  if (header && table.length === 1)
    return { kind: 'empty', reason: 'has no rows below the names of the columns', labels: null };
  const width = table.width(header);
  if (width < leastColumns(needs)) return { ...tooFew(width, needs), labels: null };
  const labels = labelColumns(table, header, search, flags);
  if ('reason' in labels) return { ...labels, labels: null };
  const taken = columnsOf({ texts: [], labels }).map(({ index }) => index);
  const rest = Array.from({ length: width }, (_, index) => index).filter((index) => !taken.includes(index));
  // Without labels to learn, their column is still no text.
  const beside = rest.filter((index) => needs.labels !== 'none' || !header || !isNamedLabels(table, index));
  const texts = textColumns(table, header, beside.length >= needs.texts ? beside : rest, needs.texts);
  if ('reason' in texts) return { ...texts, labels };
  return { header, width, texts: texts.map((of) => of.map((index) => table.column(index, header))), labels };
}

/** Columns that a table for a task has at least. */
export const leastColumns = ({ texts, labels }: ColumnNeeds): number => texts + (labels === 'none' ? 0 : 1);

/** Whether the first row names the columns. */
export function findHeader(table: TableView, run: RunLabels, needs: ColumnNeeds): boolean {
  const search = labelSearch(run, needs.labels);
  if (flagColumns(table, search) !== null) return true;
  const labels = labelsByValues(table, false, search);
  return isHeader(table, search.known, typeof labels === 'number' ? labels : -1);
}

/** Whether a column is named as labels usually are; where the name leaves it open, values that come back are labels. */
function isNamedLabels(table: TableView, index: number): boolean {
  const { label, text } = table.naming(index);
  const { distinct, filled } = table.contents(index, true);
  return label !== null && (text === null || distinct <= filled / 2);
}

function labelColumns(
  table: TableView,
  header: boolean,
  search: LabelSearch,
  flags: ReturnType<typeof flagColumns>,
): LabelColumns | Reason {
  if (search.needs === 'none') return { kind: 'none' };
  if (flags !== null && search.needs === 'several') return ofFlags(flags, search);
  const found = labelsByValues(table, header, search);
  if (typeof found === 'number') return ofColumn(table, found, header, search);
  if (flags !== null) return ofFlags(flags, search);
  if (found === 'unclear') {
    const reason =
      'has this run\'s labels in several columns: name the one that is meant "label" in the first row';
    return { kind: 'malformed', reason };
  }
  const named = labelsByName(table, header, search);
  return typeof named === 'number' ? ofColumn(table, named, header, search) : named;
}

function tooFew(width: number, { texts, labels }: ColumnNeeds): Reason {
  const columns = width === 1 ? 'one column' : 'two columns';
  const needed =
    labels === 'several'
      ? 'a text and its labels'
      : texts === 1
        ? 'a text and a label'
        : 'two texts and a label';
  return { kind: 'malformed', reason: `has ${columns} only: ${needed} are needed` };
}
