import { shownCell } from '../cell.ts';
import type { Row } from '../rows/row.ts';
import { labelSearch, ofColumn, ofFlags } from './label-columns.ts';
import type { ColumnNeeds, FlagColumn, RunLabels, TableColumns, UnclearColumns } from './table-columns.ts';
import type { TableView } from './table-view.ts';

/** What a column of a table is used for. Several of texts are one text, one below the other. */
export const columnRoles = ['none', 'text', 'second', 'label'] as const;
export type ColumnRole = (typeof columnRoles)[number];

/** What a person says of a table: whether its first row names the columns, and what each is used for. */
export interface ChosenColumns {
  readonly header: boolean;
  readonly roles: readonly ColumnRole[];
}

/** By the columns that tables have (see {@link layoutOf}): what a person says of one holds for all like it. */
export type ColumnChoices = ReadonlyMap<string, ChosenColumns>;

/** What a person is shown of a table: every column, with what it is used for and what stands in it. */
export interface ShownTable extends ChosenColumns {
  /** Names tables with the same columns. */
  readonly layout: string;
  /** The first file with them, and how many there are. */
  readonly file: string;
  readonly files: number;
  /** For people: `column "text"`. */
  readonly titles: readonly string[];
  /** The cells of the first two rows, cut short. */
  readonly examples: readonly (readonly string[])[];
  /** What the run's task needs of it. */
  readonly needs: ColumnNeeds;
  /** Why nobody but the person can say which columns are used; null: they are known. */
  readonly unclear: string | null;
}

const shownRows = 2;
const shownCharacters = 160;
/** More columns are not shown: a table of so many is none of texts. */
const shownColumns = 1000;

/** The same for tables with the same columns: by their names, else by how many there are. */
export function layoutOf(table: TableView, header: boolean): string {
  const width = table.width(header);
  const names = header ? Array.from({ length: width }, (_, index) => table.name(index)) : [width];
  return JSON.stringify(names);
}

export interface Shown {
  readonly file: string;
  /** Whether the first row names the columns. */
  readonly header: boolean;
  readonly layout: string;
  readonly needs: ColumnNeeds;
  readonly rows: readonly Row[];
}

/** A table as it is shown to a person. @param columns those that are used, or why they are not known. */
export function shownTable(
  table: TableView,
  columns: TableColumns | UnclearColumns,
  { file, header, layout, needs, rows }: Shown,
): ShownTable {
  const unclear = 'reason' in columns ? columns.reason : null;
  const width = Math.min(shownColumns, table.width(header));
  const all = Array.from({ length: width }, (_, index) => index);
  const body = rows.slice(header ? 1 : 0).filter(({ error }) => error === undefined);
  return {
    layout,
    file,
    files: 1,
    header,
    titles: all.map((index) => table.column(index, header).title),
    roles: all.map((index) => roleOf(index, columns)),
    examples: body
      .slice(0, shownRows)
      .map(({ cells }) => all.map((index) => shownCell(cells[index], shownCharacters))),
    needs,
    unclear,
  };
}

function roleOf(index: number, columns: TableColumns | UnclearColumns): ColumnRole {
  const { labels } = columns;
  const texts = 'reason' in columns ? [] : columns.texts;
  const holds = (columns: readonly { readonly index: number }[] = []) =>
    columns.some((column) => column.index === index);
  if (holds(texts[0])) return 'text';
  if (holds(texts[1])) return 'second';
  if (labels === null || labels.kind === 'none') return 'none';
  return holds(labels.kind === 'flags' ? labels.columns : [labels.column]) ? 'label' : 'none';
}

/** The columns that a person has said, or what is missing. */
export function chosenColumns(
  table: TableView,
  { header, roles }: ChosenColumns,
  run: RunLabels,
  needs: ColumnNeeds,
): TableColumns | UnclearColumns {
  const width = table.width(header);
  const of = (role: ColumnRole) =>
    [...roles.keys()].filter((index) => index < width && roles[index] === role);
  const missing = (reason: string): UnclearColumns => ({ kind: 'malformed', reason, labels: null });
  const texts = needs.texts === 1 ? [of('text')] : [of('text'), of('second')];
  if (texts.some(({ length }) => length === 0)) {
    return missing(
      `needs a column of ${needs.texts === 1 ? 'texts' : 'first texts and one of second texts'}: say which`,
    );
  }
  const common = {
    header,
    width,
    texts: texts.map((list) => list.map((index) => table.column(index, header))),
  };
  if (needs.labels === 'none') return { ...common, labels: { kind: 'none' } };
  const search = labelSearch(run, needs.labels);
  const [label, ...more] = of('label');
  if (label === undefined) return missing('needs a column of labels: say which');
  if (more.length === 0) return { ...common, labels: ofColumn(table, label, header, search) };
  const flags = [label, ...more].flatMap((index): FlagColumn[] => {
    const meaning = run.meaning(table.name(index));
    return typeof meaning === 'number' ? [{ ...table.column(index, header), label: meaning }] : [];
  });
  if (flags.length <= more.length)
    return missing('has several columns of labels, which are not all called as labels of this run');
  const labels = ofFlags(flags, search);
  return 'reason' in labels ? missing(labels.reason) : { ...common, labels };
}
