import type { Reason } from '../../problems.ts';
import { type Cell, textOf } from '../cell.ts';
import { noLabels } from './label-names.ts';
import type { LayoutFinder, RunLabels, TableLayout } from './layout.ts';
import type { TableView } from './table-view.ts';

/**
 * Decides which columns hold the texts and the labels.
 *
 * A first row with a usual name for the labels is a header: the texts are the column with a usual name for
 * texts, else the other one of two. Without a header, the labels are that of the first two columns that has more
 * of the run's labels (the second when both have as many), the texts the other. A column without any of the
 * run's labels is taken when a header names it, or when its values come back often enough to be labels: then
 * the person can say what they mean.
 */
export function classificationLayout(run: RunLabels): LayoutFinder {
  const known = knownLabel(run);
  return {
    known,
    isNamed: (table) => named(table) !== undefined,
    choose(table) {
      if (table.width < 2) {
        return { kind: 'malformed', reason: 'has one column only: a text and a label are needed' };
      }
      const byName = named(table);
      if (byName !== undefined) return withLabels(byName, table, run, true);
      const header = table.fields;
      const label = table.hits(0, header, known) > table.hits(1, header, known) ? 0 : 1;
      return withLabels(layoutOf(table, 1 - label, label, header), table, run, false);
    },
  };
}

/** Whether a cell is a label, or a name that the person has said the meaning of. */
export const knownLabel =
  ({ meaning }: RunLabels) =>
  (cell: Cell): boolean =>
    meaning(textOf(cell)) !== undefined;

function named(table: TableView): TableLayout | undefined {
  const label = table.findLabel();
  const byName = table.findText();
  const text = byName === -1 && table.names.length === 2 ? 1 - label : byName;
  return label === -1 || text === -1 ? undefined : layoutOf(table, text, label, true);
}

const layoutOf = (table: TableView, text: number, label: number, header: boolean): TableLayout => ({
  header,
  texts: [table.column(text, header)],
  labels: { kind: 'one', column: table.column(label, header) },
});

/** A layout of one label a row, unless its column cannot be that of the labels. */
export function withLabels(
  layout: TableLayout,
  table: TableView,
  run: RunLabels,
  named: boolean,
): TableLayout | Reason {
  if (layout.labels.kind !== 'one') return layout;
  const { column } = layout.labels;
  const names = table.cells(column.index, layout.header).map(textOf);
  return (
    noLabels(
      column,
      names.filter((name) => name !== ''),
      run,
      named,
    ) ?? layout
  );
}
