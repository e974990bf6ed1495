import { listLabels, matchLabels } from './labels.ts';
import type { Reason } from './problems.ts';

/** The two columns of a table that are used. */
export interface TableColumns {
  readonly textIndex: number;
  readonly labelIndex: number;
  /** Whether the first row names the columns. */
  readonly header: boolean;
  /** Names for people: from the header, else `column 1` and so on. */
  readonly text: string;
  readonly label: string;
}

const textNames = ['text', 'sentence', 'utterance', 'message', 'review', 'content', 'query'];
const labelNames = ['label', 'category', 'class', 'intent', 'topic', 'target'];
/** Rows looked at to find the column of labels. */
const inspected = 200;

/**
 * Decides which columns hold the texts and the labels.
 *
 * A first row with a usual name for the labels is a header: the texts are the column with a usual name for
 * texts, else the other one of two. Without a header, the labels are that of the first two columns that has more
 * of the run's labels (the second when both have as many), the texts the other.
 *
 * @param rows without blank ones.
 */
export function chooseColumns(
  rows: readonly (readonly string[])[],
  labels: readonly string[],
): TableColumns | Reason {
  const [first = []] = rows;
  if (Math.max(...rows.slice(0, inspected).map((row) => row.length)) < 2) {
    return { kind: 'malformed', reason: 'has one column only: a text and a label are needed' };
  }
  const match = matchLabels(labels);
  const hits = (column: number, from: number) =>
    rows.slice(from, inspected).filter((row) => match(row[column]?.trim() ?? '') !== undefined).length;
  const columns = fromHeader(first) ?? withoutHeader(hits(0, 0) > hits(1, 0) ? 0 : 1);
  if (hits(columns.labelIndex, columns.header ? 1 : 0) > 0) return columns;
  const found = [
    ...new Set(rows.slice(columns.header ? 1 : 0, inspected).map((row) => row[columns.labelIndex] ?? '')),
  ];
  return {
    kind: 'unknown-label',
    reason: `${columns.label} has none of this run's labels (${listLabels(labels)}); it has ${listLabels(found.map((f) => f.slice(0, 40)))}`,
  };
}

function fromHeader(first: readonly string[]): TableColumns | undefined {
  const names = first.map((cell) => cell.trim().toLowerCase());
  const labelIndex = firstOf(labelNames, names);
  const named = firstOf(textNames, names);
  const textIndex = named === -1 && first.length === 2 ? 1 - labelIndex : named;
  if (labelIndex === -1 || textIndex === -1) return undefined;
  return {
    textIndex,
    labelIndex,
    header: true,
    text: `column "${first[textIndex]!.trim()}"`,
    label: `column "${first[labelIndex]!.trim()}"`,
  };
}

/** Where in `names` the first of `wanted` that occurs stands, or -1. */
function firstOf(wanted: readonly string[], names: readonly string[]): number {
  return wanted.map((name) => names.indexOf(name)).find((i) => i !== -1) ?? -1;
}

function withoutHeader(labelIndex: 0 | 1): TableColumns {
  return {
    textIndex: 1 - labelIndex,
    labelIndex,
    header: false,
    text: `column ${2 - labelIndex}`,
    label: `column ${labelIndex + 1}`,
  };
}
