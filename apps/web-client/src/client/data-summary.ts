import {
  classCounts,
  contentOf,
  type DataProblem,
  type Dataset,
  type LeftOut,
  type ShownTable,
  sampleCount,
  suggestLabel,
} from '@strata/fl-core/data';
import { type DataSummary, type FileProblem, maxListedProblems } from './snapshot.ts';

/** What the page shows of data that has been read: counts, and what was left out and why. */
export function summarize(
  training: Dataset,
  heldOut: Dataset,
  labels: readonly string[],
  { problems, problemCount, unknown, tables = [] }: LeftOut & { readonly tables?: readonly ShownTable[] },
): DataSummary {
  return {
    samples: sampleCount(training),
    heldOut: sampleCount(heldOut),
    content: contentOf(training),
    labels,
    classCounts: classCounts(training, labels.length),
    problems: problems.slice(0, maxListedProblems).map(forPeople),
    problemCount,
    unknown: unknown.map((found) => ({ ...found, suggestion: suggestLabel(found.name, labels) })),
    tables,
  };
}

function forPeople({ file, line, reason }: DataProblem): FileProblem {
  return { file: line === undefined ? file : `${file}, line ${line}`, reason };
}
