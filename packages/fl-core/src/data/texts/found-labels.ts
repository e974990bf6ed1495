import type { TaskName } from '../../tasks/index.ts';
import { simplify } from '../labels.ts';
import { type LeftOut, ProblemList, type Reason } from '../problems.ts';
import type { ColumnChoices, ShownTable } from './columns/shown.ts';
import { findColumns } from './find-columns.ts';
import { formOf } from './forms/index.ts';
import { readRow } from './read-row.ts';
import { type TextTableLimits, textTableLimits } from './text-table-limits.ts';

export interface FindLabelsOptions {
  readonly task: TaskName;
  /** Path or name, as {@link readTextTable} takes it. */
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly columns?: ColumnChoices;
  readonly limits?: Partial<TextTableLimits>;
}

export interface FoundLabels extends LeftOut {
  /** Each name once, however often and in whatever spelling it occurs, sorted; none where there is no column of them. */
  readonly labels: readonly string[];
  /** The table's columns and what they are used for; null when the file has none. */
  readonly shown: ShownTable | null;
}

/**
 * The labels in a table, where there is no run yet that has any: the names in the column that is named as labels
 * usually are, or whose values come back. With them the table can be read (see {@link readTextTable}).
 *
 * Nothing is thrown for a bad file: why it has no labels is in `problems`.
 */
export function findLabels({ task, file, bytes, columns, limits }: FindLabelsOptions): FoundLabels {
  const problems = new ProblemList();
  const meaning = () => undefined;
  const { needs } = formOf(task);
  const found = findColumns({
    file,
    bytes,
    needs,
    run: { labels: [], meaning },
    ...(columns ? { columns } : {}),
    ...(limits ? { limits } : {}),
  });
  const none = (reason: Reason, shown: ShownTable | null): FoundLabels => {
    problems.add({ file, kind: reason.kind, reason: reason.reason });
    return { labels: [], shown, ...problems };
  };
  if ('reason' in found) return none(found, null);
  const { columns: used, separator, shown } = found;
  if ('reason' in used) return none(used, shown);
  const most = { ...textTableLimits, ...limits }.rows;
  const spellings = new Map<string, Map<string, number>>();
  for (const row of found.rows.slice(used.header ? 1 : 0).slice(0, most)) {
    const result = readRow(row, { columns: used, meaning, separator, characters: Number.POSITIVE_INFINITY });
    if (result.kind !== 'unknown') continue;
    for (const name of result.names) {
      const counts = spellings.get(simplify(name)) ?? new Map<string, number>();
      spellings.set(simplify(name), counts.set(name, (counts.get(name) ?? 0) + 1));
    }
  }
  const labels = [...spellings.values()].map((counts) => whole(commonest(counts))).sort();
  return { labels, shown, ...problems };
}

const commonest = (counts: ReadonlyMap<string, number>): string =>
  [...counts].reduce((best, next) => (next[1] > best[1] ? next : best))[0];

/** pandas writes class numbers as `1.0` where a cell is empty. */
const whole = (name: string): string => name.replace(/^([+-]?\d+)\.0+$/, '$1');
