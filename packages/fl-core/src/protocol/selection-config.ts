import { z } from 'zod';

/** How the layers of each client are chosen (docs/design.md, 6). */
export const StrategyConfig = z.discriminatedUnion('name', [
  z.object({
    name: z.enum([
      'full',
      'head-only',
      'top',
      'bottom',
      'both',
      'random',
      'fedolf',
      'gradient-norm',
      'rgn',
      'snr',
    ]),
  }),
  z.object({
    name: z.literal('adagrad-select'),
    /** Probability of exploring in the first turn; a turn is a round in which layers are chosen. */
    epsilon: z.number().min(0).max(1).default(1),
    /** Rate at which it falls: epsilon * exp(-decay * (turn - 1)). */
    decay: z.number().min(0).max(100).default(0.2),
    /** Added to every count of the history before the draw. */
    prior: z.number().positive().max(1e6).default(1),
  }),
  z.object({
    name: z.literal('round-robin'),
    /** Turns that start at the same layer before the next one's. */
    roundsPerLayer: z.number().int().min(1).max(10_000).default(1),
  }),
  z.object({
    name: z.literal('lisa'),
    /** Turns for which a draw of layers is kept. */
    period: z.number().int().min(1).max(10_000).default(1),
  }),
  z.object({
    name: z.literal('diversity'),
    /** Reward for disagreeing, in units of the mean score. */
    reward: z.number().min(0).max(1e6),
  }),
  z.object({
    name: z.literal('strata'),
    /** Price of disagreeing; in units of the mean score when `lambdaScale` is `relative`. */
    lambda: z.number().min(0).max(1e6),
    lambdaScale: z.enum(['relative', 'absolute']).default('relative'),
  }),
]);
export type StrategyConfig = z.infer<typeof StrategyConfig>;

/** What a probe measures for each layer; see selection's `ScoreKind`. */
export const ScoreKind = z.enum(['squared-norm', 'rgn', 'snr']);
export type ScoreKind = z.infer<typeof ScoreKind>;

/** When and from what layers are chosen, whatever the strategy. */
export const SelectionConfig = z.object({
  /** Rounds from one choice of layers to the next; in between the masks stay and nobody is probed. */
  every: z.number().int().min(1).max(10_000).default(1),
  /** Share of a client's new scores in its moving average, in (0, 1]; 1 keeps the newest only. */
  smoothing: z.number().gt(0).max(1).default(1),
});
export type SelectionConfig = z.infer<typeof SelectionConfig>;

/**
 * What layers cost: each alike, the bytes of its update, or milliseconds of a round measured on the clients (which
 * makes every selection probe).
 */
export const CostUnit = z.enum(['layers', 'bytes', 'milliseconds']);
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
      unit: z.enum(['layers', 'bytes']).default('layers'),
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
