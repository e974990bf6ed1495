import type { TaskName } from '@strata/fl-core/protocol';
import { type MetricWords, taskNamed } from '@strata/fl-core/tasks';
import { percent } from './format.ts';

/** How the accuracy of a run is called, by what the run is for; the words are the task's own. */
export const metricText = (task: TaskName): MetricWords => taskNamed(task).metric;

/** The same at the beginning of a line. */
export const metricTitle = (task: TaskName): string => capitalized(metricText(task).name);

/** What a participant's samples are called where they are counted, at the beginning of a line. */
export const countedTitle = (task: TaskName): string => capitalized(taskNamed(task).counted.many);

const capitalized = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}`;

/** What a loss says in other words: `perplexity 12.3` where next tokens are predicted; null where there is nothing. */
export function lossText(task: TaskName, loss: number): string | null {
  const { ofLoss } = taskNamed(task);
  return ofLoss === null ? null : `${ofLoss.name} ${short(ofLoss.value(loss))}`;
}

/** Three digits; a model that knows nothing yet can be at 1e5. */
const short = (value: number): string =>
  value < 1000 ? String(Number(value.toPrecision(3))) : value.toExponential(1);

/** For a participant, in a sentence: how the model does on the own held-out data, at first and now. */
export function resultText(task: TaskName, first: number, last: number): string {
  const { result, progress } = metricText(task);
  const now = percent(last, 0);
  return first === last ? result(now) : progress(percent(first, 0), now);
}
