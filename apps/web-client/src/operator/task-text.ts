import type { RunConfig } from '@strata/fl-core/protocol';
import { type RunFacts, taskNamed } from '@strata/fl-core/tasks';

/** What an operator reads of a run's task; the words are the task's own. */

const factsOf = ({ task, labels }: RunConfig): RunFacts => ({ labels: labels.length, options: task });

/** What a run is for, as it stands in headings. */
export const taskFacts = (config: RunConfig): readonly string[] =>
  taskNamed(config.task.name).wordsOn(config.data.kind).heading(factsOf(config), config.side);

/** What comes of a run, as a sentence of the form's summary. */
export const taskSummary = (config: RunConfig): string =>
  taskNamed(config.task.name).wordsOn(config.data.kind).summary(factsOf(config));
