import { z } from 'zod';
import { named } from '../variants/index.ts';
import { classification } from './classification.ts';
import { multiLabel } from './multi-label.ts';
import { nextToken } from './next-token.ts';
import { sequencePair } from './sequence-pair.ts';

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
