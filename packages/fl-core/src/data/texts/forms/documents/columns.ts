import { type Cell, textOf } from '../../cell.ts';
import type { ColumnFinder, TableColumns } from '../../columns/table-columns.ts';
import type { TableView } from '../../columns/table-view.ts';

/** Texts are so many times as long as what stands in any other column. */
const clearlyLonger = 2;

/**
 * Decides which column holds the texts, where labels do not matter: the one with a usual name, the only one, the
 * one beside a column of labels, else the one whose cells are clearly the longest.
 */
export function documentColumns(): ColumnFinder {
  return {
    known: () => false,
    isNamed: (table) => named(table) !== undefined,
    choose(table) {
      const byName = named(table);
      if (byName !== undefined) return byName;
      const header = table.fields;
      if (table.width === 1) return tableColumns(table, 0, header);
      const [longest, next] = Array.from({ length: table.width }, (_, index) => ({
        index,
        characters: charactersOf(table.cells(index, header)),
      })).sort((a, b) => b.characters - a.characters);
      if (longest && next && longest.characters >= clearlyLonger * next.characters) {
        return tableColumns(table, longest.index, header);
      }
      return {
        kind: 'malformed',
        reason: `has ${table.width} columns, and none is surely that of the texts: name it "text" in the first row`,
      };
    },
  };
}

function named(table: TableView): TableColumns | undefined {
  const text = table.findText();
  if (text !== -1) return tableColumns(table, text, true);
  const label = table.findLabel();
  return label !== -1 && table.names.length === 2 ? tableColumns(table, 1 - label, true) : undefined;
}

const tableColumns = (table: TableView, text: number, header: boolean): TableColumns => ({
  header,
  texts: [table.column(text, header)],
  labels: { kind: 'none' },
});

const charactersOf = (cells: readonly Cell[]): number =>
  cells.reduce((sum, cell) => sum + textOf(cell).length, 0);
