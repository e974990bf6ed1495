import { z } from 'zod';
import { ServerOptimizer } from '../aggregation/optimizers/index.ts';
import { AggregationRule } from '../aggregation/rules/index.ts';

/** How the server makes one model of the updates. */
export const AggregationConfig = z.object({
  rule: AggregationRule.default({ name: 'clipped-mean', factor: 1.5 }),
  optimizer: ServerOptimizer.default({ name: 'fedavg', learningRate: 1 }),
  /**
   * How many samples a client may weigh with at most, as a multiple of the lower median over those that it is weighed
   * with: in updates, scores, losses and accuracies. Null: as many as it has declared.
   */
  weightCap: z.number().min(1).max(1e6).nullable().default(2),
});
export type AggregationConfig = z.infer<typeof AggregationConfig>;
