import { listLabels } from '../../../labels.ts';
import type { Reason } from '../../../problems.ts';
import { noLabels } from '../../columns/label-names.ts';
import type { ColumnFinder, RunLabels, TableColumns } from '../../columns/table-columns.ts';
import type { TableView } from '../../columns/table-view.ts';
import { flagOf, hasLabel, namesOf, separatorOf } from '../../label-cell.ts';

const labelNames = ['labels', 'categories', 'classes', 'intents', 'topics', 'targets', 'tags', 'genres'];

/**
 * Decides which columns hold the texts and any number of labels.
 *
 * Two columns or more that are named like labels of the run, with a flag in each (see {@link flagOf}), are one for
 * each label: then every label has to have one. Otherwise the labels of a text stand in one cell (see
 * {@link namesOf}), in a column that is found as that of single labels is; lists of JSON tell it too.
 */
export function labelSetColumns(run: RunLabels): ColumnFinder {
  const isKnown = (name: string) => run.meaning(name) !== undefined;
  const known: ColumnFinder['known'] = (cell) => hasLabel(cell, isKnown);
  return {
    known,
    isNamed: (table) => flagColumns(table, run) !== undefined || listByName(table) !== undefined,
    choose(table) {
      if (table.width < 2) {
        return { kind: 'malformed', reason: 'has one column only: a text and its labels are needed' };
      }
      const flags = flagColumns(table, run);
      if (flags !== undefined) return flagSets(table, flags, run);
      const header = table.fields;
      const lists = (index: number) => table.cells(index, header).filter(Array.isArray).length;
      const hits = (index: number) => lists(index) || table.hits(index, header, known);
      const byName = listByName(table);
      const { text, label } = byName ?? (hits(0) > hits(1) ? { text: 1, label: 0 } : { text: 0, label: 1 });
      const named = byName !== undefined;
      const cells = table.cells(label, named || header);
      const separator = separatorOf(cells, isKnown);
      const column = table.column(label, named || header);
      const names = cells.flatMap((cell) => namesOf(cell, separator, isKnown));
      // A named column of empty cells says that no text has any of the labels.
      const reason =
        named && names.length === 0 ? null : noLabels(column, names, run, named || lists(label) > 0);
      return (
        reason ?? {
          header: named || header,
          texts: [table.column(text, named || header)],
          labels: { kind: 'list', column, separator },
        }
      );
    },
  };
}

/** Two columns by name: the texts and the labels. */
function listByName(table: TableView): { readonly text: number; readonly label: number } | undefined {
  const label = table.findLabel(labelNames);
  const text = textBeside(table, [label]);
  return label === -1 || text === -1 ? undefined : { text, label };
}

/** The column of texts: by its name, else the only one beside `others`; -1 when neither is there. */
function textBeside(table: TableView, others: readonly number[]): number {
  const rest = [...table.names.keys()].filter((index) => !others.includes(index));
  const byName = table.findText();
  return rest.includes(byName) ? byName : rest.length === 1 ? rest[0]! : -1;
}

interface FlagColumns {
  readonly text: number;
  /** Where the column of each label is, or -1. */
  readonly labels: readonly number[];
}

function flagColumns(table: TableView, { labels, meaning }: RunLabels): FlagColumns | undefined {
  const meanings = table.names.map((_, index) => meaning(table.first(index)));
  const columns = labels.map((_, label) => meanings.indexOf(label));
  const found = columns.filter((index) => index !== -1);
  const text = textBeside(table, found);
  const areFlags = found.every((index) => flagOf(table.cells(index, true)[0]) !== undefined);
  return found.length > 1 && text !== -1 && areFlags ? { text, labels: columns } : undefined;
}

function flagSets(
  table: TableView,
  { text, labels: columns }: FlagColumns,
  { labels }: RunLabels,
): TableColumns | Reason {
  const missing = labels.filter((_, label) => columns[label] === -1);
  if (missing.length > 0) {
    const reason = `has a column for some of this run's labels and none for ${listLabels(missing)}`;
    return { kind: 'malformed', reason };
  }
  return {
    header: true,
    texts: [table.column(text, true)],
    labels: { kind: 'flags', columns: columns.map((index) => table.column(index, true)) },
  };
}
