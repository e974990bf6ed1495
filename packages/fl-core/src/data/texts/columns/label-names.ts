import { listLabels } from '../../labels.ts';
import { keptNames, type Reason } from '../../problems.ts';
import { type Cell, textOf } from '../cell.ts';
import type { RunLabels, TableColumns } from './table-columns.ts';
import type { Column, TableView } from './table-view.ts';

/**
 * Why a column cannot be that of the labels, or null. It is one when it has any of the run's, or few enough names
 * for the person to say what they mean: where no header names the column, its names have to come back.
 *
 * @param names what stands in the column, empty cells left out.
 */
export function noLabels(
  { title }: Column,
  names: readonly string[],
  { labels, meaning }: RunLabels,
  named: boolean,
): Reason | null {
  const found = [...new Set(names)];
  const most = named ? keptNames : Math.min(keptNames, names.length / 2);
  if (found.some((name) => meaning(name) !== undefined) || (found.length > 0 && found.length <= most))
    return null;
  return {
    kind: 'unknown-label',
    reason: `${title} has none of this run's labels (${listLabels(labels)}); it has ${listLabels(found.map((f) => f.slice(0, 40)))}`,
  };
}

/** Whether a cell is a label, or a name that the person has said the meaning of. */
export const knownLabel =
  ({ meaning }: RunLabels) =>
  (cell: Cell): boolean =>
    meaning(textOf(cell)) !== undefined;

/** Columns of one label a row, unless its column cannot be that of the labels. */
export function withLabels(
  columns: TableColumns,
  table: TableView,
  run: RunLabels,
  named: boolean,
): TableColumns | Reason {
  if (columns.labels.kind !== 'one') return columns;
  const { column } = columns.labels;
  const names = table.cells(column.index, columns.header).map(textOf);
  return (
    noLabels(
      column,
      names.filter((name) => name !== ''),
      run,
      named,
    ) ?? columns
  );
}
