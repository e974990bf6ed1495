import { z } from 'zod';

/** When a run ends before its last round, by what participants measure on the data that they hold out. */
export const StoppingConfig = z.object({
  /** Committed rounds in a row without a lower loss than before them; null: however many. */
  patience: z.number().int().min(1).max(1000).nullable().default(null),
  /** Accuracy, from 0 to 1, at which it is good enough; null: none is. */
  target: z.number().min(0).max(1).nullable().default(null),
});
export type StoppingConfig = z.infer<typeof StoppingConfig>;

const days = z.number().int().min(0).max(36_500).nullable().default(null);

/**
 * Of which rounds the models are kept, beside that of round 0: they can be forked. Of others only hashes are. And how long
 * records are, in days after the run's end; null: until somebody deletes the run. Updates are never kept beyond their round.
 */
export const RetentionConfig = z.object({
  /** The newest. */
  last: z.number().int().min(3).max(1000).default(3),
  /** Those with the lowest held-out loss. */
  best: z.number().int().min(0).max(100).default(0),
  /** Those of which the number is a multiple of this one; null: none. */
  every: z.number().int().min(1).max(10_000).nullable().default(null),
  /** What there is of single participants: names, devices, scores, figures, the log. Models and sums of rounds stay. */
  participants: days,
  /** The run, with all that is kept of it. */
  run: days,
});
export type RetentionConfig = z.infer<typeof RetentionConfig>;
