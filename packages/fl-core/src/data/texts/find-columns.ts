import type { Reason } from '../problems.ts';
import { chooseColumns, findHeader, leastColumns } from './columns/choose.ts';
import { hasUsualName } from './columns/header.ts';
import { labelSearch } from './columns/label-columns.ts';
import { type ColumnChoices, chosenColumns, layoutOf, type ShownTable, shownTable } from './columns/shown.ts';
import type { ColumnNeeds, RunLabels, TableColumns, UnclearColumns } from './columns/table-columns.ts';
import { TableView } from './columns/table-view.ts';
import { refusedTable } from './file-kinds.ts';
import { isJson, readJson } from './rows/json.ts';
import type { RawTable } from './rows/row.ts';
import { readSeparated } from './rows/separated.ts';
import { decodeTextFile } from './text-file.ts';
import { type TextTableLimits, textTableLimits } from './text-table-limits.ts';

export interface FindColumnsOptions {
  /** Path or name, for messages and what its ending says. */
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly run: RunLabels;
  readonly needs: ColumnNeeds;
  readonly columns?: ColumnChoices;
  readonly limits?: Partial<TextTableLimits>;
}

export interface FoundColumns extends RawTable {
  /** Those that are used, or why nobody but the person can say which. */
  readonly columns: TableColumns | UnclearColumns;
  readonly shown: ShownTable;
}

/** The rows of a table and which of their columns are used, as a person has said or as it is guessed. */
export function findColumns({
  file,
  bytes,
  run,
  needs,
  columns,
  limits,
}: FindColumnsOptions): FoundColumns | Reason {
  const limit = { ...textTableLimits, ...limits };
  const content = decodeTextFile(bytes, limit.bytes);
  if ('reason' in content) return content;
  const refused = refusedTable(content.text);
  if (refused !== null) return refused;
  const { known } = labelSearch(run, needs.labels);
  // A header and one row too many can be told apart from a full table.
  const most = limit.rows + 2;
  const raw = isJson(file, content.text)
    ? readJson(content.text, most)
    : readSeparated(content.text, file, { known, names: (first) => hasUsualName(first, known) }, most);
  if ('reason' in raw) return raw;
  const table = new TableView(raw, known);
  const [first] = raw.rows;
  if (table.length === 0 && first?.error !== undefined) {
    return { kind: 'malformed', reason: `has no row that can be read: line ${first.line} ${first.error}` };
  }
  const header = findHeader(table, run, needs);
  const layout = layoutOf(table, header);
  const said = columns?.get(layout);
  const found = said ? chosenColumns(table, said, run, needs) : chooseColumns(table, run, needs);
  // Where there is too little, there is nothing to ask the person.
  const nothing = 'reason' in found && (found.kind === 'empty' || table.width(header) < leastColumns(needs));
  if (nothing) return { kind: found.kind, reason: found.reason };
  const shown = shownTable(table, found, {
    file,
    layout,
    needs,
    header: said?.header ?? header,
    rows: raw.rows,
  });
  // What a person has said stays as it was said, also where something is missing.
  return {
    ...raw,
    columns: found,
    shown: said ? { ...shown, roles: shown.roles.map((_, i) => said.roles[i] ?? 'none') } : shown,
  };
}
