import { readFile } from 'node:fs/promises';
import {
  type ColumnChoices,
  type ColumnRole,
  findLabels,
  type LeftOut,
  type RawTexts,
  readTexts,
  type ShownTable,
} from '@strata/fl-core/data';
import { UsageError } from './experiment.ts';

/** Columns by their names, or by their numbers from 1, as somebody types them; absent: they are found. */
export interface WantedColumns {
  /** Several are one text, one below the other. */
  readonly text?: readonly string[] | undefined;
  readonly label?: string | undefined;
}

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

function choices(path: string, shown: ShownTable | null, { text, label }: WantedColumns): ColumnChoices {
  if (shown === null || (text === undefined && label === undefined)) return new Map();
  const names = shown.titles.map((title) => /"(.*)"$/.exec(title)?.[1] ?? '');
  const indexOf = (name: string): number => {
    const index = names.indexOf(name) === -1 && /^\d+$/.test(name) ? Number(name) - 1 : names.indexOf(name);
    if (index >= 0 && index < names.length) return index;
    throw new UsageError(`--data: ${path} has no column "${name}".${advice(shown)}`);
  };
  const texts = text?.map(indexOf);
  const labels = label === undefined ? undefined : indexOf(label);
  const roles = shown.roles.map((role, index): ColumnRole => {
    if (index === labels) return 'label';
    if (texts !== undefined)
      return texts.includes(index) ? 'text' : role === 'label' && labels === undefined ? role : 'none';
    return role === 'label' ? 'none' : role;
  });
  return new Map([[shown.layout, { header: shown.header, roles }]]);
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
