import { knownLabel, withLabels } from '../../columns/label-names.ts';
import type { ColumnFinder, RunLabels, TableColumns } from '../../columns/table-columns.ts';
import type { TableView } from '../../columns/table-view.ts';

/**
 * Decides which columns hold the texts and the labels.
 *
 * A first row with a usual name for the labels is a header: the texts are the column with a usual name for
 * texts, else the other one of two. Without a header, the labels are that of the first two columns that has more
 * of the run's labels (the second when both have as many), the texts the other. A column without any of the
 * run's labels is taken when a header names it, or when its values come back often enough to be labels: then
 * the person can say what they mean.
 */
export function textColumns(run: RunLabels): ColumnFinder {
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
      return withLabels(tableColumns(table, 1 - label, label, header), table, run, false);
    },
  };
}

function named(table: TableView): TableColumns | undefined {
  const label = table.findLabel();
  const byName = table.findText();
  const text = byName === -1 && table.names.length === 2 ? 1 - label : byName;
  return label === -1 || text === -1 ? undefined : tableColumns(table, text, label, true);
}

const tableColumns = (table: TableView, text: number, label: number, header: boolean): TableColumns => ({
  header,
  texts: [table.column(text, header)],
  labels: { kind: 'one', column: table.column(label, header) },
});
