import { StrataError, type TaskName } from '../protocol/index.ts';
import type { ModelSpec } from './spec.ts';

/** The tasks that a model can be trained for. */
export function tasksOf(spec: ModelSpec): readonly TaskName[] {
  switch (spec.architecture) {
    case 'vit':
    case 'clip':
    case 'layers-model':
      return ['classification'];
    // Neither has a form for two texts: no separator that it has learned, no kinds of segments.
    case 'use-lite':
      return ['classification', 'multi-label'];
    case 'gpt2':
      return ['classification', 'multi-label', 'next-token'];
    case 'bert':
    case 'roberta':
    case 'distilbert':
      return ['classification', 'multi-label', 'sequence-pair'];
    default:
      return spec satisfies never;
  }
}

/** Throws `bad-config` for a model that cannot be trained for the task. */
export function checkTask(spec: ModelSpec, task: TaskName): void {
  const possible = tasksOf(spec);
  if (possible.includes(task)) return;
  throw new StrataError(
    'bad-config',
    `${spec.title} cannot be trained for the task ${task}.`,
    `Choose ${possible.join(' or ')}, or another model.`,
  );
}
