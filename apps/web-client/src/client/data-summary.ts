import {
  classCounts,
  type DataProblem,
  type Dataset,
  type LeftOut,
  sampleCount,
  suggestLabel,
} from '@strata/fl-core/data';
import { type DataContent, type DataSummary, type FileProblem, maxListedProblems } from './snapshot.ts';

/** What the page shows of data that has been read: counts, and what was left out and why. */
export function summarize(
  training: Dataset,
  heldOut: Dataset,
  labels: readonly string[],
  { problems, problemCount, unknown }: LeftOut,
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
  };
}

function contentOf(dataset: Dataset): DataContent {
  switch (dataset.kind) {
    case 'image':
    case 'text':
      return { kind: 'labelled' };
    case 'label-sets': {
      const { classes, flags, tokens } = dataset;
      const without = tokens.filter((_, i) => !flags.subarray(i * classes, (i + 1) * classes).includes(1));
      return { kind: 'label-sets', unlabelled: without.length };
    }
    case 'passages': {
      const all = dataset.tokens.reduce((sum, { length }) => sum + length, 0);
      return { kind: 'passages', tokens: Math.round(all / Math.max(1, dataset.tokens.length)) };
    }
    default:
      return dataset satisfies never;
  }
}

function forPeople({ file, line, reason }: DataProblem): FileProblem {
  return { file: line === undefined ? file : `${file}, line ${line}`, reason };
}
