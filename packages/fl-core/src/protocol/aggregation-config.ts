import { z } from 'zod';
import { ServerOptimizer } from '../aggregation/optimizers/index.ts';
import { AggregationRule } from '../aggregation/rules/index.ts';

/** How the server makes one model of the updates. */
export const AggregationConfig = z.object({
  rule: AggregationRule.default({ name: 'mean' }),
  optimizer: ServerOptimizer.default({ name: 'fedavg', learningRate: 1 }),
});
export type AggregationConfig = z.infer<typeof AggregationConfig>;
