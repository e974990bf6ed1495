import { z } from 'zod';

export const OptimizerConfig = z.discriminatedUnion('name', [
  z.object({
    name: z.literal('sgd'),
    learningRate: z.number().positive().max(10),
    momentum: z.number().min(0).max(0.999).default(0),
  }),
  z.object({
    name: z.literal('adamw'),
    learningRate: z.number().positive().max(1),
    weightDecay: z.number().min(0).max(1).default(0),
  }),
]);
export type OptimizerConfig = z.infer<typeof OptimizerConfig>;

/** How the learning rate moves over the run: rounds and the steps in them are its time, from 0 to 1. */
export const ScheduleConfig = z.discriminatedUnion('name', [
  z.object({ name: z.literal('constant'), warmUp: z.number().min(0).lt(1).default(0) }),
  /** Half a cosine from the full rate down to `floor` of it. */
  z.object({
    name: z.literal('cosine'),
    /** Share of the run during which the rate rises linearly from 0. */
    warmUp: z.number().min(0).lt(1).default(0),
    floor: z.number().min(0).max(1).default(0),
  }),
]);
export type ScheduleConfig = z.infer<typeof ScheduleConfig>;

/** What holds for the layers that are always trained, the head, alone. */
export const HeadConfig = z.strictObject({
  /** Factor of the learning rate, at every step of the schedule; 1: as all other layers. */
  rate: z.number().positive().max(1000).default(1),
  /** A warm start (Kumar et al., arXiv 2202.10054): the run's first committed rounds make the head alone, with no probe. */
  warmUp: z
    .discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('trained').default('trained'),
        /** 0: none. */
        rounds: z.number().int().min(0).max(10_000).default(0),
        /** Epochs over the local data in each of them; what lies below the head is computed once for all of them. */
        epochs: z.number().int().min(1).max(100).default(5),
      }),
      /**
       * Not trained: clients send sums over their samples of what enters the head, and the server computes the head from
       * the sums of all rounds so far (`closed-form/`). For tasks with one class a sample.
       */
      z.strictObject({
        kind: z.literal('closed-form'),
        /** Each client's samples are counted as often as it takes part: one is enough where everybody does. */
        rounds: z.number().int().min(1).max(100).default(1),
        /**
         * After those, every so many rounds it is computed anew, of the layers as they have become, and so it is in the run's
         * last; 0: never again.
         */
        every: z.number().int().min(0).max(10_000).default(0),
      }),
    ])
    .prefault({}),
});
export type HeadConfig = z.infer<typeof HeadConfig>;

/**
 * What form and demo begin with where the head is a fresh one: computed from sums over everybody's samples in the first
 * round, every fifth after it and the last, in between trained as the layers below it. Worth 13 to 18 points on texts after
 * eight rounds beside {@link trainedHead}, 15 on pictures with skewed labels, 0 to 5 on others ("The head in closed form",
 * docs/results.md). It is not what a missing field means: a run by
 * the API says what it wants.
 */
export const freshHead = {
  rate: 1,
  warmUp: { kind: 'closed-form', rounds: 1, every: 5 },
} as const satisfies HeadConfig;

/**
 * The same where sums cannot be had: of samples with several labels, in sealed runs, under differential privacy. It learns
 * as a linear probe does, at ten times the rate of the pretrained body, with AdamW: worth 6 to 14 points after 4 to 12
 * rounds ("The head's rate"). And it learns alone in the first round, in which no layer has a gradient behind its zeros:
 * worth 1 to 3 points after 6 rounds, for fewer bytes ("The first round").
 */
export const trainedHead = {
  rate: 10,
  warmUp: { kind: 'trained', rounds: 1, epochs: 5 },
} as const satisfies HeadConfig;

/** The local work of one client in one round. An option with another name is refused: it would count as not given. */
export const LocalConfig = z.strictObject({
  /** Epochs over the local training data. */
  epochs: z.number().int().min(1).max(100).default(1),
  batchSize: z.number().int().min(1).max(512).default(16),
  /** Upper bound on batches an epoch; 0 means no bound. */
  maxBatches: z.number().int().min(0).max(100_000).default(0),
  probeBatches: z.number().int().min(1).max(100).default(2),
  optimizer: OptimizerConfig.default({ name: 'adamw', learningRate: 0.001, weightDecay: 0 }),
  schedule: ScheduleConfig.default({ name: 'constant', warmUp: 0 }),
  head: HeadConfig.prefault({}),
  /** FedProx (Li et al., arXiv 1812.06127): mu of the pull towards the global weights; 0 turns it off. */
  proximal: z.number().min(0).max(1000).default(0),
  /** Largest L2 norm of a step's gradient over all trained tensors; null leaves it as it is. */
  clipNorm: z.number().positive().max(1e9).nullable().default(null),
  /**
   * Time-boxed rounds: so many seconds before training closes, which is what an upload may take, a device that is not done
   * stops and sends the steps that it has done; they weigh as their share of all. null: who is not done in time is left
   * out.
   */
  timeBox: z.number().min(0.5).max(3600).nullable().default(null),
  /** Share of each client's samples held out for evaluation, chosen on the device, stratified. */
  holdOut: z.number().min(0.05).max(0.5).default(0.2),
});
export type LocalConfig = z.infer<typeof LocalConfig>;
