import type { TaskName } from '../../../tasks/index.ts';
import { classificationLayout } from './classification.ts';
import { documentLayout } from './documents.ts';
import { labelSetLayout } from './label-sets.ts';
import type { LayoutFinder, RunLabels } from './layout.ts';
import { pairLayout } from './pairs.ts';

/** How the columns of a task's tables are found. */
export function layoutFinder(task: TaskName, run: RunLabels): LayoutFinder {
  switch (task) {
    case 'classification':
      return classificationLayout(run);
    case 'multi-label':
      return labelSetLayout(run);
    case 'sequence-pair':
      return pairLayout(run);
    case 'next-token':
      return documentLayout();
    default:
      return task satisfies never;
  }
}
