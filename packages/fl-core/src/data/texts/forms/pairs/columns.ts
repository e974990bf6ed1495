import { knownLabel, withLabels } from '../../columns/label-names.ts';
import type { ColumnFinder, RunLabels, TableColumns } from '../../columns/table-columns.ts';
import type { TableView } from '../../columns/table-view.ts';

/** Usual names of the columns of two texts, as {@link TableView.names} has them. */
const pairNames = [
  ['sentence1', 'sentence2'],
  ['premise', 'hypothesis'],
  ['question1', 'question2'],
  ['question', 'answer'],
  ['question', 'sentence'],
  ['texta', 'textb'],
  ['text1', 'text2'],
  ['query', 'passage'],
] as const;
const labelNames = ['goldlabel', 'isduplicate', 'relation'];

/**
 * Decides which columns hold the two texts and the label. Two columns with usual names are the texts; of three
 * columns the two that are not the label are, in their order. The label is the column with a usual name, else the
 * third of three, else the one with the most of the run's labels.
 */
export function pairColumns(run: RunLabels): ColumnFinder {
  const known = knownLabel(run);
  const named = (table: TableView): TableColumns | undefined => {
    const texts = namedPair(table);
    const named = table.findLabel(labelNames);
    const rest = columnsBut(table, texts ?? []);
    const label = named !== -1 ? named : texts && rest.length === 1 ? rest[0]! : mostHits(table, rest, true);
    if (texts !== undefined && label !== undefined) return tableColumns(table, texts, label, true);
    return named !== -1 && table.names.length === 3
      ? tableColumns(table, columnsBut(table, [named]), named, true)
      : undefined;
  };
  /** The last of the columns with the most labels; undefined when none has any. */
  const mostHits = (table: TableView, columns: readonly number[], header: boolean): number | undefined =>
    columns
      .map((index) => ({ index, hits: table.hits(index, header, known) }))
      .filter(({ hits }) => hits > 0)
      .sort((a, b) => b.hits - a.hits || b.index - a.index)[0]?.index;
  return {
    known,
    isNamed: (table) => named(table) !== undefined,
    choose(table) {
      if (table.width < 3) {
        const columns = table.width === 1 ? 'one column' : 'two columns';
        return { kind: 'malformed', reason: `has ${columns} only: two texts and a label are needed` };
      }
      const byName = named(table);
      if (byName !== undefined) return withLabels(byName, table, run, true);
      const texts = namedPair(table);
      if (texts !== undefined) {
        const [first, second] = texts.map((index) => table.column(index, true).title);
        return {
          kind: 'malformed',
          reason: `has the texts in ${first} and ${second}, and no column named "label" or with this run's labels`,
        };
      }
      if (table.width > 3) {
        const usual = pairNames.map((names) => names.join(' and ')).join(', ');
        return {
          kind: 'malformed',
          reason: `has ${table.width} columns, and the two of texts are not named: name them in the first row (${usual})`,
        };
      }
      const header = table.fields;
      const label = mostHits(table, [0, 1, 2], header) ?? 2;
      return withLabels(tableColumns(table, columnsBut(table, [label]), label, header), table, run, false);
    },
  };
}

const namedPair = ({ names }: TableView): readonly number[] | undefined =>
  pairNames.map((pair) => pair.map((name) => names.indexOf(name))).find((pair) => !pair.includes(-1));

const columnsBut = (table: TableView, taken: readonly number[]): number[] =>
  Array.from({ length: table.width }, (_, i) => i).filter((i) => !taken.includes(i));

const tableColumns = (
  table: TableView,
  texts: readonly number[],
  label: number,
  header: boolean,
): TableColumns => ({
  header,
  texts: texts.map((index) => table.column(index, header)),
  labels: { kind: 'one', column: table.column(label, header) },
});
