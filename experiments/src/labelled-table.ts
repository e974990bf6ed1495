import { readFile } from 'node:fs/promises';
import {
  type ColumnChoices,
  type ColumnRole,
  findLabels,
  type LeftOut,
  namedColumns,
  type RawTexts,
  readTexts,
  type ShownTable,
  type WantedColumns,
} from '@strata/fl-core/data';
import { UsageError } from './experiment.ts';

export interface LabelledTable extends LeftOut {
  readonly labels: readonly string[];
  readonly samples: RawTexts;
  /** What was taken of the table, and what was not: lines for whoever started the program. */
  readonly said: readonly string[];
}

const task = 'classification';
/** Of a label in a run (`RunConfig`). */
const mostCharacters = 80;
const shownProblems = 5;
const shownLabels = 12;

/**
 * Reads a table of texts with a label each by the reader that pages have, which finds the columns.
 *
 * @param labels those of the run; absent: all that stand in the column of labels.
 * @throws UsageError with what is wrong and what to say instead, where there are not two labels or no texts.
 */
export async function readLabelledTable(
  path: string,
  wanted: WantedColumns,
  labels?: readonly string[],
): Promise<LabelledTable> {
  const bytes = new Uint8Array(await readFile(path));
  const first = findLabels({ task, file: path, bytes });
  const columns = choices(path, first.shown, wanted);
  const found = columns.size === 0 ? first : findLabels({ task, file: path, bytes, columns });
  const [problem] = found.problems;
  if (problem !== undefined) throw new UsageError(`--data: ${path} ${problem.reason}.${advice(found.shown)}`);
  const used = labels ?? found.labels;
  const long = used.find(({ length }) => length > mostCharacters);
  if (long !== undefined) {
    const what = `the label "${long.slice(0, mostCharacters)}…" has more than ${mostCharacters} characters`;
    throw new UsageError(`--data: ${path}: ${what}.${advice(found.shown)}`);
  }
  if (used.length < 2) {
    throw new UsageError(
      `--data: ${path} has fewer than two labels (${used.join(', ')}).${advice(found.shown)}`,
    );
  }
  const file = { path, size: bytes.length, read: async () => bytes };
  // The same columns for everybody who reads: what was found here holds.
  const taken: ColumnChoices = found.shown === null ? columns : new Map([[found.shown.layout, found.shown]]);
  const { samples, ...read } = await readTexts([file], { task, labels: used, columns: taken });
  if (samples.texts.length === 0) {
    const reason = read.problems[0]?.reason ?? 'has no texts';
    throw new UsageError(`--data: ${path} ${reason}.${advice(found.shown)}`);
  }
  return { ...read, labels: used, samples, said: said(samples, found.shown, read) };
}

function choices(path: string, shown: ShownTable | null, wanted: WantedColumns): ColumnChoices {
  if (shown === null || (wanted.text === undefined && wanted.label === undefined)) return new Map();
  const chosen = namedColumns(shown, wanted);
  if ('unknown' in chosen) {
    throw new UsageError(`--data: ${path} has no column "${chosen.unknown}".${advice(shown)}`);
  }
  return new Map([[shown.layout, chosen]]);
}

const advice = (shown: ShownTable | null): string =>
  shown === null
    ? ''
    : ` Say which columns are meant by --text and --label: it has ${shown.titles.join(', ')}.`;

function said(
  { texts, labels, classes }: RawTexts,
  shown: ShownTable | null,
  left: LeftOut,
): readonly string[] {
  const titles = (role: ColumnRole) =>
    shown?.titles.filter((_, index) => shown.roles[index] === role).join(' and ');
  const counts = classes.map((name, label) => `${name} (${labels.filter((of) => of === label).length})`);
  const more = counts.length > shownLabels ? ` and ${counts.length - shownLabels} more` : '';
  return [
    `texts from ${titles('text')}, labels from ${titles('label')}; --text and --label say others`,
    ...texts
      .slice(0, 2)
      .map((text, i) => `  "${text.slice(0, 100).replaceAll('\n', ' / ')}" is "${classes[labels[i]!]}"`),
    `${texts.length} texts; ${counts.length} labels: ${counts.slice(0, shownLabels).join(', ')}${more}`,
    ...left.problems.slice(0, shownProblems).map(({ line, reason }) => `  left out: line ${line} ${reason}`),
    ...(left.problemCount > shownProblems ? [`  left out: ${left.problemCount - shownProblems} more`] : []),
    ...left.unknown.map(({ name, count }) => `  left out: ${count} with the label "${name}"`),
  ];
}
