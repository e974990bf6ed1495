import { z } from 'zod';

/** How the clients' changes of a layer become one; ranges as in aggregation's `AggregationRule`. */
export const AggregationRuleConfig = z.discriminatedUnion('name', [
  z.object({ name: z.literal('mean') }),
  z.object({ name: z.literal('median') }),
  z.object({ name: z.literal('trimmed-mean'), share: z.number().min(0).lt(0.5) }),
  z.object({ name: z.literal('norm-clipping'), norm: z.number().positive().max(1e12) }),
  z.object({ name: z.literal('krum'), byzantine: z.number().int().min(0).max(1000) }),
  z.object({
    name: z.literal('multi-krum'),
    byzantine: z.number().int().min(0).max(1000),
    keep: z.number().int().min(1).max(10_000),
  }),
]);

const serverRate = z.number().positive().max(100);
const beta = z.number().min(0).lt(1);
const adaptive = {
  learningRate: serverRate.default(0.01),
  beta1: beta.default(0.9),
  tau: z.number().positive().max(1).default(1e-3),
};

/** What the server does with the aggregated change of a layer. */
export const ServerOptimizerConfig = z.discriminatedUnion('name', [
  z.object({ name: z.literal('fedavg'), learningRate: serverRate.default(1) }),
  z.object({
    name: z.literal('fedavgm'),
    learningRate: serverRate.default(1),
    momentum: beta.default(0.9),
  }),
  z.object({ name: z.literal('fedadagrad'), ...adaptive }),
  z.object({ name: z.literal('fedadam'), ...adaptive, beta2: beta.default(0.99) }),
  z.object({ name: z.literal('fedyogi'), ...adaptive, beta2: beta.default(0.99) }),
]);

export const AggregationConfig = z.object({
  rule: AggregationRuleConfig.default({ name: 'mean' }),
  optimizer: ServerOptimizerConfig.default({ name: 'fedavg', learningRate: 1 }),
});
export type AggregationConfig = z.infer<typeof AggregationConfig>;
