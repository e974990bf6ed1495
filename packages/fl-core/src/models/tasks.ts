import { StrataError, type TaskName } from '../protocol/index.ts';
import { architectureOf } from './architectures/index.ts';
import type { ModelSpec } from './spec.ts';

/** Throws `bad-config` for a model that cannot be trained for the task. */
export function checkTask(spec: ModelSpec, task: TaskName): void {
  const possible: readonly TaskName[] = architectureOf(spec).tasks;
  if (possible.includes(task)) return;
  throw new StrataError(
    'bad-config',
    `${spec.title} cannot be trained for the task ${task}.`,
    `Choose ${possible.join(' or ')}, or another model.`,
  );
}
