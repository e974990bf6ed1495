import type { HeadConfig, RunConfig, TaskName } from '@strata/fl-core/protocol';
import { taskNamed } from '@strata/fl-core/tasks';
import {
  type CatalogModel,
  type CatalogSample,
  defaultConfig,
  labelsFor,
  usualName,
  usualSample,
} from './defaults.ts';

/** The parts of a configuration that depend on its task. */
export type TaskParts = Pick<RunConfig, 'task' | 'data' | 'labels' | 'name' | 'local'>;

/**
 * What changes when the operator picks another task for the same model. Labels that were typed in stay where the new
 * task has labels; otherwise the task's own sample or examples take their place, so that the form stays valid.
 */
export function switchTask(
  values: RunConfig,
  model: CatalogModel,
  samples: readonly CatalogSample[],
  task: TaskName,
): TaskParts {
  const before = values.task.name;
  const usual = (name: TaskName) => defaultConfig(model, samples, { choice: values.model, task: name });
  const { name, data, labels, ...fresh } = usual(task);
  // How its head learns goes with a task, unless it was changed by hand.
  const untouched = sameHead(values.local.head, usual(before).local.head);
  const local = untouched ? { ...values.local, head: fresh.local.head } : values.local;
  const anew = { name, data, labels, task: fresh.task, local };
  if (values.data.sample !== null) return anew;
  const typed = values.labels.join('\n') !== labelsFor(before, null).join('\n');
  // Own data was a choice only where there was a sample to choose instead.
  if (!typed && usualSample(model, samples, before) === null) return anew;
  return {
    task: fresh.task,
    local,
    name: usualName(model, null),
    data: { ...data, sample: null },
    labels: typed && taskNamed(task).labels !== null ? values.labels : labelsFor(task, null),
  };
}

const sameHead = (a: HeadConfig, b: HeadConfig): boolean =>
  a.rate === b.rate && JSON.stringify(sorted(a.warmUp)) === JSON.stringify(sorted(b.warmUp));

const sorted = (warmUp: HeadConfig['warmUp']) => Object.entries(warmUp).sort();
