import type { TaskName } from '../../tasks/index.ts';
import { listLabels } from '../labels.ts';
import type { DataProblem } from '../problems.ts';
import { flagsOf, type RawOfTask } from '../raw-samples.ts';
import type { Sample } from './read-row.ts';

/** A sample and where it stands. */
export type PlacedSample = Sample & Pick<DataProblem, 'file' | 'line'>;

/** The samples as the task takes them. @param classes the run's labels. */
export function rawSamples<T extends TaskName>(
  task: T,
  samples: readonly PlacedSample[],
  classes: readonly string[],
): RawOfTask[T] {
  return makers[task](samples, classes);
}

const makers: {
  readonly [T in TaskName]: (samples: readonly PlacedSample[], classes: readonly string[]) => RawOfTask[T];
} = {
  classification: (samples, classes) => ({
    kind: 'text',
    classes,
    texts: samples.map(firstText),
    labels: onlyLabels(samples),
  }),
  'multi-label': (samples, classes) => ({
    kind: 'label-sets',
    classes,
    texts: samples.map(firstText),
    flags: flagsOf(
      samples.map(({ labels }) => labels),
      classes.length,
    ),
  }),
  'sequence-pair': (samples, classes) => ({
    kind: 'pairs',
    classes,
    texts: samples.map(firstText),
    seconds: samples.map(({ texts }) => texts[1]!),
    labels: onlyLabels(samples),
  }),
  'next-token': (samples) => ({
    kind: 'documents',
    texts: samples.map(firstText),
    places: samples.map(({ file, line }) => ({ file, ...(line === undefined ? {} : { line }) })),
  }),
};

const firstText = ({ texts }: Sample): string => texts[0]!;
const onlyLabels = (samples: readonly Sample[]) => Int32Array.from(samples, ({ labels }) => labels[0]!);

/** Where a sample stands, for messages. */
export const placeOf = ({ file, line }: Pick<DataProblem, 'file' | 'line'>): string =>
  line === undefined ? `"${file}"` : `"${file}", line ${line}`;

/** What labels a sample has, for messages: `the label "plant"`; empty where the task has none. */
export function saidLabels(task: TaskName, { labels }: Sample, classes: readonly string[]): string {
  switch (task) {
    case 'classification':
    case 'sequence-pair':
      return `the label "${classes[labels[0]!]}"`;
    case 'multi-label':
      return labels.length === 0
        ? 'none of the labels'
        : `the labels ${listLabels([...labels].sort((a, b) => a - b).map((label) => classes[label]!))}`;
    case 'next-token':
      return '';
    default:
      return task satisfies never;
  }
}
