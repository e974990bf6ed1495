import type { TaskName } from '@strata/fl-core/protocol';
import { percent } from './format.ts';

/** How the accuracy of a run is called, by what the run is for; one place, so that all pages call it the same. */
export interface MetricText {
  /** In a sentence, and in small print below a number. */
  readonly name: string;
  /** What it counts. */
  readonly meaning: string;
  /** For a participant, with the number behind it. */
  readonly own: string;
}

export function metricText(task: TaskName): MetricText {
  switch (task) {
    case 'classification':
    case 'sequence-pair':
      return {
        name: 'accuracy',
        meaning: 'Accuracy is the share of held-out samples whose label the model tells right.',
        own: 'Right on your unseen examples',
      };
    case 'multi-label':
      return {
        name: 'label agreement',
        meaning:
          'Label agreement is, of each held-out text, the share of labels that are both true and predicted among those that are either (Jaccard index), and then the mean.',
        own: 'Labels that agree with yours, on unseen texts',
      };
    case 'next-token':
      return {
        name: 'next tokens right',
        meaning:
          'Next tokens right is the share of held-out tokens (words or parts of words) that the model tells from those before. Perplexity is exp(loss): among how many tokens it hesitates.',
        own: 'Next word pieces right, on your unseen text',
      };
    default:
      return task satisfies never;
  }
}

/** The same at the beginning of a line. */
export function metricTitle(task: TaskName): string {
  const { name } = metricText(task);
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

/** What a loss means beside itself: `perplexity 12.3` where next tokens are told, nothing else. */
export function perplexityText(task: TaskName, loss: number): string | null {
  switch (task) {
    case 'next-token':
      return `perplexity ${short(Math.exp(loss))}`;
    case 'classification':
    case 'multi-label':
    case 'sequence-pair':
      return null;
    default:
      return task satisfies never;
  }
}

/** Three digits; a model that knows nothing yet can be at 1e5. */
const short = (value: number): string =>
  value < 1000 ? String(Number(value.toPrecision(3))) : value.toExponential(1);

/** For a participant, in a sentence: how the model does on the own held-out data, at first and now. */
export function resultText(task: TaskName, first: number, last: number): string {
  const [from, to] = [percent(first, 0), percent(last, 0)];
  switch (task) {
    case 'classification':
    case 'sequence-pair':
      return first === last
        ? `The model is right on ${to} of your unseen examples.`
        : `On your unseen examples the model went from ${from} to ${to} right.`;
    case 'multi-label':
      return first === last
        ? `On your unseen texts the model’s labels agree with yours by ${to}.`
        : `On your unseen texts the model’s labels went from ${from} to ${to} agreement with yours.`;
    case 'next-token':
      return first === last
        ? `In your unseen text the model tells ${to} of the word pieces that come next.`
        : `In your unseen text the model went from ${from} to ${to} of the next word pieces told right.`;
    default:
      return task satisfies never;
  }
}
