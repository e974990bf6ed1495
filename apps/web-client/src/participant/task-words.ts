import type { RunPublic } from '@strata/fl-core/protocol';
import {
  type OwnDataWords,
  type RunFacts,
  type TaskWords,
  type Things,
  taskNamed,
} from '@strata/fl-core/tasks';

/** What a person with no knowledge of the field is told of a run's task; the words are the task's own. */

type TaskOfRun = Pick<RunPublic, 'task' | 'data' | 'labels'>;

const wordsOf = ({ task, data }: Pick<TaskOfRun, 'task' | 'data'>): TaskWords =>
  taskNamed(task.name).wordsOn(data.kind);

const factsOf = ({ task, labels }: TaskOfRun): RunFacts => ({ labels: labels.length, options: task });

/** What one sample is called. */
export const thingsOf = (run: Pick<TaskOfRun, 'task' | 'data'>): Things => wordsOf(run).things;

/** "It learns ...", in a few words. */
export const learns = (run: TaskOfRun): string => wordsOf(run).learns(factsOf(run));

/** The same as a sentence, where the organiser has written none. */
export const purpose = (run: TaskOfRun): string =>
  `Together, the participants teach one model to ${wordsOf(run).purpose(factsOf(run))}.`;

/** What to bring, and how. */
export function ownDataWords(run: TaskOfRun): OwnDataWords {
  const [first = 'a label', second = 'another label'] = run.labels;
  return wordsOf(run).ownData(first, second);
}
