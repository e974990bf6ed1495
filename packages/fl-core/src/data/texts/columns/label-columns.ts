import { listLabels } from '../../labels.ts';
import { keptNames, type Reason } from '../../problems.ts';
import { type Cell, textOf } from '../cell.ts';
import { flagOf, hasLabel, namesOf, onlyName, separatorOf } from '../label-cell.ts';
import { parseList } from '../list-cell.ts';
import type { ColumnNeeds, FlagColumn, LabelColumns, RunLabels } from './table-columns.ts';
import type { TableView } from './table-view.ts';
import { inPart } from './usual-names.ts';

/** What to look for, and how cells with labels are known. */
export interface LabelSearch {
  readonly run: RunLabels;
  readonly needs: ColumnNeeds['labels'];
  /** Whether a cell says something of the run's labels. */
  readonly known: (cell: Cell) => boolean;
}

/** No label is so long, nor a list of them: a text is not looked through for any. */
const longestCell = 5000;

export function labelSearch(run: RunLabels, needs: ColumnNeeds['labels']): LabelSearch {
  const isKnown = (name: string) => run.meaning(name) !== undefined;
  const known = (cell: Cell): boolean => {
    if (needs === 'none' || (typeof cell === 'string' && cell.length > longestCell)) return false;
    return needs === 'one' ? isKnown(onlyName(cell, isKnown) ?? '') : hasLabel(cell, isKnown);
  };
  return { run, needs, known };
}

/** Labels that a run may have, where they are not known yet. */
const mostLabels = 1000;

interface Candidate {
  readonly index: number;
  /** Of its filled cells those with labels of the run, in [0, 1]. */
  readonly share: number;
  /** How sure its name is, in [0, 1]. */
  readonly named: number;
  /** Whether the same values come back, as labels do and texts do not; or they are lists. */
  readonly repeats: boolean;
}

function candidates(table: TableView, header: boolean, { needs, known }: LabelSearch): Candidate[] {
  return Array.from({ length: table.width(header) }, (_, index) => {
    const cells = table.cells(index, header).filter((cell) => Array.isArray(cell) || textOf(cell) !== '');
    const values = new Set(cells.map((cell) => (Array.isArray(cell) ? cell.join('\n') : textOf(cell))));
    const lists =
      needs === 'several' && cells.some((cell) => Array.isArray(cell) || parseList(textOf(cell)) !== null);
    const rank = header ? table.naming(index).label : null;
    return {
      index,
      share: cells.filter(known).length / Math.max(1, cells.length),
      named: rank === null ? 0 : rank < inPart ? 1 : 0.5,
      repeats: values.size > 0 && (lists || values.size <= Math.min(keptNames, cells.length / 2)),
    };
  });
}

/**
 * The column whose values are the run's labels; of several the one that is named as labels usually are. Null: there is
 * none; `unclear`: nothing tells which of several it is.
 */
export function labelsByValues(
  table: TableView,
  header: boolean,
  search: LabelSearch,
): number | 'unclear' | null {
  const score = ({ index, share, named }: Candidate): number => {
    const other = header && table.naming(index).other;
    return share + (share >= 0.5 ? named : 0) - (other || isCount(table.cells(index, header)) ? 0.5 : 0);
  };
  const found = candidates(table, header, search)
    .filter(({ share, named, repeats }) => share > 0 && (share >= 0.5 || named > 0 || repeats))
    .sort((a, b) => score(b) - score(a) || b.index - a.index);
  const [best, next] = found;
  if (best === undefined) return null;
  if (next === undefined || table.width(header) === 2 || score(best) - score(next) > 0.01) return best.index;
  const cells = ({ index }: Candidate) => JSON.stringify(table.cells(index, header));
  return found.every((other) => score(other) < score(best) - 0.01 || cells(other) === cells(best))
    ? best.index
    : 'unclear';
}

/** Whether cells are counted through: row numbers, not labels. */
function isCount(cells: readonly Cell[]): boolean {
  const numbers = cells.map((cell) => Number(textOf(cell) || Number.NaN));
  return numbers.length > 3 && numbers.every((n, i) => i === 0 || n === numbers[i - 1]! + 1);
}

/** The columns that are called as labels of the run, with a flag in each, if there are two or more; else null. */
export function flagColumns(table: TableView, { run, needs }: LabelSearch): readonly FlagColumn[] | null {
  if (needs === 'none') return null;
  // A label that is called like a flag is no name of a column, but stands in one.
  const meaning = (name: string) => (flagOf(name) === undefined ? run.meaning(name) : undefined);
  const meanings = Array.from({ length: table.width(true) }, (_, index) => meaning(table.name(index)));
  const columns = run.labels.flatMap((_, label): FlagColumn[] => {
    const index = meanings.indexOf(label);
    return index === -1 ? [] : [{ ...table.column(index, true), label }];
  });
  const areFlags = columns.every(({ index }) => {
    const cells = table.cells(index, true);
    return cells.filter((cell) => flagOf(cell) !== undefined).length >= cells.length / 2;
  });
  return columns.length > 1 && areFlags ? columns : null;
}

/** Those columns as the labels, or why they cannot be. */
export function ofFlags(columns: readonly FlagColumn[], { run, needs }: LabelSearch): LabelColumns | Reason {
  const missing = run.labels.filter((_, label) => !columns.some((column) => column.label === label));
  if (missing.length === 0) return { kind: 'flags', columns, several: needs === 'several' };
  const reason = `has a column for some of this run's labels and none for ${listLabels(missing)}`;
  return { kind: 'malformed', reason };
}

/**
 * Where no column has the run's labels: the one that is named as theirs, with names rather than numbers where both are
 * there; else the only one whose values come back. Or why there is none.
 */
export function labelsByName(table: TableView, header: boolean, search: LabelSearch): number | Reason {
  const all = candidates(table, header, search);
  const readable = ({ index }: Candidate) => Number(table.contents(index, header).readable);
  const rank = ({ index }: Candidate) => table.naming(index).label ?? 0;
  const named = all
    .filter((candidate) => candidate.named > 0)
    .sort((a, b) => readable(b) - readable(a) || rank(a) - rank(b));
  const reasons: Reason[] = [];
  for (const { index } of named) {
    const reason = notLabels(table, index, header, search, true);
    if (reason === null) return index;
    reasons.push(reason);
  }
  const [reason] = reasons;
  if (reason !== undefined) return reason;
  const usual = (index: number) => header && (table.naming(index).other || table.naming(index).text !== null);
  const back = all.filter(({ index, repeats }) => repeats && !usual(index));
  if (back.length === 1 || (back.length > 1 && all.length === 2)) return back.at(-1)!.index;
  const needed = search.needs === 'one' ? 'label' : 'labels';
  if (back.length > 1 || all.length > 3 || header) {
    return {
      kind: 'unknown-label',
      reason: `has no column ${wanted(search.run)}, and none that is named "${needed}" in the first row`,
    };
  }
  const last = table.width(header) - 1;
  return notLabels(table, last, header, search, false) ?? last;
}

/**
 * Why a column cannot be that of the labels, or null. It is one when it has any of the run's, or few enough names
 * for the person to say what they mean: where no header names the column, its names have to come back.
 */
function notLabels(
  table: TableView,
  index: number,
  header: boolean,
  search: LabelSearch,
  named: boolean,
): Reason | null {
  const { run, needs } = search;
  const isKnown = (name: string) => run.meaning(name) !== undefined;
  const cells = table.cells(index, header);
  const separator = needs === 'several' ? separatorOf(cells, isKnown) : null;
  const names = cells.flatMap((cell) => namesOf(cell, separator, isKnown));
  // A named column of empty cells says that no text has any of the labels.
  if (named && needs === 'several' && names.length === 0) return null;
  const found = [...new Set(names)];
  const lists = needs === 'several' && cells.some((cell) => Array.isArray(cell));
  const limit = run.labels.length === 0 ? mostLabels : keptNames;
  const most = named || lists ? limit : Math.min(limit, names.length / 2);
  if (found.some(isKnown) || (found.length > 0 && found.length <= most)) return null;
  const has =
    found.length === 0 ? 'it is empty' : `it has ${listLabels(found.map((name) => name.slice(0, 40)))}`;
  return {
    kind: 'unknown-label',
    reason: `${table.column(index, header).title} has none of ${run.labels.length === 0 ? 'the labels' : `this run's labels (${listLabels(run.labels)})`}; ${has}`,
  };
}

const wanted = ({ labels }: RunLabels): string =>
  labels.length === 0
    ? 'whose values come back as labels do'
    : `with this run's labels (${listLabels(labels)})`;

/** One column as the labels. */
export function ofColumn(
  table: TableView,
  index: number,
  header: boolean,
  { run, needs }: LabelSearch,
): LabelColumns {
  const column = table.column(index, header);
  if (needs === 'one') return { kind: 'one', column };
  const separator = separatorOf(table.cells(index, header), (name) => run.meaning(name) !== undefined);
  return { kind: 'list', column, separator };
}
