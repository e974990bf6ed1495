import { z } from 'zod';

/** What the model of a run learns to predict of a sample. */
export const TaskConfig = z.discriminatedUnion('name', [
  /** One of the run's labels of a picture or a text. */
  z.object({ name: z.literal('classification') }),
  /** Any number of the run's labels of a text. */
  z.object({ name: z.literal('multi-label') }),
  /** One of the run's labels of two texts: whether one follows from the other, say. */
  z.object({ name: z.literal('sequence-pair') }),
  z.object({
    name: z.literal('next-token'),
    /** Texts are cut into passages of so many tokens, or of what the model takes if that is fewer. */
    passage: z.number().int().min(8).max(4096).default(128),
  }),
]);
export type TaskConfig = z.infer<typeof TaskConfig>;
export const TaskName = z.enum(['classification', 'multi-label', 'sequence-pair', 'next-token']);
export type TaskName = TaskConfig['name'];
