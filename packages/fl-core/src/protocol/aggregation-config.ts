import { z } from 'zod';
import { ServerOptimizer } from '../aggregation/optimizers/index.ts';
import { Participation } from '../aggregation/participation.ts';
import { AggregationRule } from '../aggregation/rules/index.ts';

/**
 * Whether the server sees each update (`open`), or only the sums of at least `atLeast` participants' (`sealed`,
 * docs/privacy.md).
 */
export const Sealing = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('open') }),
  z.object({
    kind: z.literal('sealed'),
    /** Least number of participants whose sum of a layer may be seen; a layer of fewer keeps its bytes. */
    atLeast: z.number().int().min(3).max(10_000).default(5),
    /** Training samples with which a participant has its greatest weight; who has more counts as one that has these. */
    samples: z.number().int().min(1).max(1_000_000_000),
    /** Seconds that each of sealing, uploading and unmasking may last. */
    seconds: z.number().min(1).max(86_400).default(60),
  }),
]);
export type Sealing = z.infer<typeof Sealing>;

/** How the server makes one model of the updates. */
export const AggregationConfig = z.object({
  rule: AggregationRule.default({ name: 'clipped-mean', factor: 1.5 }),
  optimizer: ServerOptimizer.default({ name: 'fedavg', learningRate: 1 }),
  /** How far a layer moves that only a part of the cohort trained. */
  participation: Participation.default('none'),
  /**
   * How many samples a client may weigh with at most, as a multiple of the lower median over those that it is weighed
   * with: in updates, scores, losses and accuracies. Null: as many as it has declared.
   */
  weightCap: z.number().min(1).max(1e6).nullable().default(2),
  sealing: Sealing.default({ kind: 'open' }),
});
export type AggregationConfig = z.infer<typeof AggregationConfig>;
