import { z } from 'zod';
import { scoreKinds } from '../selection/strategies/index.ts';

export { StrategyConfig } from '../selection/strategies/index.ts';

/** What a probe measures for each layer; see selection's `scoreKinds`. */
export const ScoreKind = z.enum(scoreKinds);
export type ScoreKind = z.infer<typeof ScoreKind>;

/** When and from what layers are chosen, whatever the strategy. */
export const SelectionConfig = z.object({
  /** Rounds from one choice of layers to the next; in between the masks stay and nobody is probed. */
  every: z.number().int().min(1).max(10_000).default(1),
  /** Share of a client's new scores in its moving average, in (0, 1]; 1 keeps the newest only. */
  smoothing: z.number().gt(0).max(1).default(1),
  /**
   * How clients' scores compare: `share`, each client's as shares of its own sum, bounded by the cohort, so that none
   * steers the others by large numbers; `raw`, as they are, as P1 has them in arXiv 2408.15600.
   */
  scores: z.enum(['share', 'raw']).default('share'),
});
export type SelectionConfig = z.infer<typeof SelectionConfig>;

/**
 * What layers cost: each alike; the bytes of its update; `compute`, its share of the work of training all layers beyond
 * the forward pass and the head, in percent of operations, from the model's shapes; or milliseconds of a round measured
 * on the clients (which makes every selection probe). By the last two a mask also pays for the way down to its
 * shallowest layer.
 */
export const CostUnit = z.enum(['layers', 'bytes', 'compute', 'milliseconds']);
export type CostUnit = z.infer<typeof CostUnit>;

const Amount = z.number().min(0).max(1e12);

/** R_i: what a client can afford a round, in the unit of the layer costs. */
export const BudgetConfig = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('fixed'), unit: CostUnit.default('layers'), amount: Amount }),
    /** What each participant says; `fallback` for those who say nothing. */
    z.object({ kind: z.literal('participant'), unit: CostUnit.default('layers'), fallback: Amount }),
    /** A whole number drawn once a client from the run's seed (R11). */
    z.object({
      kind: z.literal('drawn'),
      unit: CostUnit.default('layers'),
      distribution: z.enum(['uniform', 'half-normal']),
      min: Amount,
      max: Amount,
    }),
    /** From the times of a client's earlier rounds, so that it is done within `deadline` seconds. */
    z.object({
      kind: z.literal('adaptive'),
      unit: z.enum(['layers', 'bytes', 'compute']).default('layers'),
      deadline: z.number().positive().max(86_400),
      /** For a client whose speed is not known yet. */
      first: Amount,
      max: Amount,
    }),
  ])
  .refine((b) => b.kind !== 'drawn' || b.min <= b.max, {
    path: ['max'],
    message: 'the largest budget cannot be below the smallest',
  });
export type BudgetConfig = z.infer<typeof BudgetConfig>;
