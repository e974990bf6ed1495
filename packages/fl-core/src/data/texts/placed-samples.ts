import type { DataProblem } from '../problems.ts';
import type { Sample } from './read-row.ts';

/** A sample and where it stands. */
export type PlacedSample = Sample & Pick<DataProblem, 'file' | 'line'>;

export const firstText = ({ texts }: Sample): string => texts[0]!;
/** Class indices of samples of one label each, (N). */
export const onlyLabels = (samples: readonly Sample[]) =>
  Int32Array.from(samples, ({ labels }) => labels[0]!);

/** Where a sample stands, for messages. */
export const placeOf = ({ file, line }: Pick<DataProblem, 'file' | 'line'>): string =>
  line === undefined ? `"${file}"` : `"${file}", line ${line}`;

/** What label a sample of one has, for messages: `the label "plant"`. */
export const saidLabel = ({ labels }: Sample, classes: readonly string[]): string =>
  `the label "${classes[labels[0]!]}"`;
