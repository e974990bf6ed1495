import { z } from 'zod';
import { named } from '../variants/index.ts';
import { classification } from './classification.ts';
import { multiLabel } from './multi-label.ts';
import { nextToken } from './next-token.ts';
import { sequencePair } from './sequence-pair.ts';
import type { DataKind, Head } from './words.ts';

export type * from './words.ts';

/** Every task there is, in the order of forms and lists. All that concerns one alone is in its file. */
export const tasks = [classification, multiLabel, sequencePair, nextToken] as const;

export type TaskVariant = (typeof tasks)[number];
export type TaskName = TaskVariant['name'];

const [first, ...others] = tasks;

export const TaskName = z.enum(tasks.map(({ name }) => name));

/** What the model of a run learns to predict of a sample: a task's name and its options. */
export const TaskConfig = z.discriminatedUnion('name', [first.config, ...others.map((t) => t.config)]);
export type TaskConfig = z.output<typeof TaskConfig>;

/** The task that a configuration names. */
export const taskNamed = (name: TaskName): TaskVariant => named<TaskVariant>(tasks, name);

/** What the models of an architecture can. */
interface Abilities {
  /** What they take. */
  readonly kind: DataKind;
  readonly heads: readonly Head[];
  /** Whether they have a form for two texts. */
  readonly pairs: boolean;
}

/** The tasks that models can be trained for, in the order of the list. */
export const tasksFor = ({ kind, heads, pairs }: Abilities): readonly TaskName[] =>
  tasks
    .filter((task) => task.takes(kind) && heads.includes(task.head) && (pairs || !task.pairs))
    .map(({ name }) => name);
