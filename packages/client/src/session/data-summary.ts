import {
  classCounts,
  contentOf,
  type DataProblem,
  type Dataset,
  type LeftOut,
  type PictureNotes,
  type ShownTable,
  sampleCount,
  suggestLabel,
} from '@strata/fl-core/data';
import { type DataSummary, type FileProblem, maxListedProblems } from './snapshot.ts';

/** What is told of the files that a person brought. */
interface OfOwnData {
  readonly tables?: readonly ShownTable[];
  readonly pictures?: PictureNotes | null;
}

/** What the page shows of data that has been read: counts, and what was left out and why. */
export function summarize(
  training: Dataset,
  heldOut: Dataset,
  labels: readonly string[],
  { problems, problemCount, unknown }: LeftOut,
  { tables = [], pictures = null }: OfOwnData = {},
): DataSummary {
  return {
    samples: sampleCount(training),
    heldOut: sampleCount(heldOut),
    content: contentOf(training),
    labels,
    classCounts: classCounts(training, labels.length),
    problems: problems.slice(0, maxListedProblems).map(forPeople),
    problemCount,
    unknown: unknown.map(({ name, count, within = null }) => ({
      name,
      count,
      within,
      suggestion: suggestLabel(name, labels) ?? within,
    })),
    tables,
    pictures,
  };
}

function forPeople({ file, line, reason }: DataProblem): FileProblem {
  return { file: line === undefined ? file : `${file}, line ${line}`, reason };
}
