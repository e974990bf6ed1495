import { z } from 'zod';

/** Identifiers appear in paths: short, lower case, no separators that mean something elsewhere. */
export const Id = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'lower-case letters, digits and dashes, 1 to 64');
export const LayerName = z.string().min(1).max(128);
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const modelIds = ['use-lite', 'deit-tiny', 'vit-mini', 'vit-nano'] as const;
export const ModelId = z.enum(modelIds);
export type ModelId = z.infer<typeof ModelId>;

/** A model that is not built in: a folder, a repository of the Hugging Face Hub or a URL. */
export const ImportedModel = z.object({
  /** `folder:NAME` of the server's folder of models, `hub:OWNER/NAME[@REVISION]`, or the URL of a folder. */
  source: z
    .string()
    .max(500)
    .regex(/^(folder:|hub:|https?:\/\/)\S+$/, 'must be folder:NAME, hub:OWNER/NAME or a URL'),
  /** Whether a block is one layer, or its attention and its feed-forward half are layers of their own. */
  granularity: z.enum(['block', 'sublayer']).default('block'),
  /** What the server found there when the run was created; what a request says is not looked at. */
  found: z
    .object({
      /** `config.json`, the labels left out. */
      config: z.record(z.string(), z.json()),
      /** `preprocessor_config.json` of an image model. */
      preprocessor: z.record(z.string(), z.json()).nullable(),
      licence: z.string().max(200).nullable(),
    })
    .nullable()
    .default(null),
});
export type ImportedModel = z.infer<typeof ImportedModel>;

/** What a run starts from. */
export const ModelChoice = z.union([ModelId, ImportedModel]);
export type ModelChoice = z.infer<typeof ModelChoice>;

export const sampleIds = ['emoji', 'fashion-mnist', 'wordnet'] as const;
/** A data set that ships with the project (folder `samples/`). */
export const SampleId = z.enum(sampleIds);
export type SampleId = z.infer<typeof SampleId>;

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

/** The local work of one client in one round. */
export const LocalConfig = z.object({
  /** Passes over the local training data. */
  passes: z.number().int().min(1).max(100).default(1),
  batchSize: z.number().int().min(1).max(512).default(16),
  /** Upper bound on batches a pass; 0 means no bound. */
  maxBatches: z.number().int().min(0).max(100_000).default(0),
  probeBatches: z.number().int().min(1).max(100).default(2),
  optimizer: OptimizerConfig.default({ name: 'adamw', learningRate: 0.001, weightDecay: 0 }),
  schedule: ScheduleConfig.default({ name: 'constant', warmUp: 0 }),
  /** FedProx (Li et al., arXiv 1812.06127): mu of the pull towards the global weights; 0 turns it off. */
  proximal: z.number().min(0).max(1000).default(0),
  /** Largest L2 norm of a step's gradient over all trained tensors; null leaves it as it is. */
  clipNorm: z.number().positive().max(1e9).nullable().default(null),
  /** Share of each client's samples held out for evaluation, chosen on the device, stratified. */
  holdOut: z.number().min(0.05).max(0.5).default(0.2),
});
export type LocalConfig = z.infer<typeof LocalConfig>;

/** What an operator decides when creating a run. */
export const RunConfig = z
  .object({
    name: z.string().trim().min(1).max(80),
    description: z.string().trim().max(2000).default(''),
    model: ModelChoice,
    /** `random`: the model's architecture with fresh weights, to see what the pretrained ones are worth. */
    initial: z.enum(['pretrained', 'random']).default('pretrained'),
    /** Side of the square input image in pixels; ignored for text. */
    side: z.number().int().min(8).max(512).default(64),
    data: z.object({
      kind: z.enum(['image', 'text']),
      /** Built-in data that participants may use instead of their own. */
      sample: SampleId.nullable().default(null),
    }),
    labels: z.array(z.string().trim().min(1).max(80)).min(2).max(1000),
    strategy: StrategyConfig,
    selection: SelectionConfig.prefault({}),
    budget: BudgetConfig.default({ kind: 'fixed', unit: 'layers', amount: 2 }),
    aggregation: AggregationConfig.prefault({}),
    rounds: z.number().int().min(1).max(10_000).default(5),
    cohort: z
      .object({
        /** Updates wanted a round; the cohort is over-sampled to get them (R10). */
        goal: z.number().int().min(1).max(10_000).default(3),
        /** Ready clients needed before a round opens. */
        minimum: z.number().int().min(1).max(10_000).default(1),
        /** Share of the cohort that must have answered for a phase to close at its deadline (R2). */
        quorum: z.number().min(0).max(1).default(0.5),
      })
      .default({ goal: 3, minimum: 1, quorum: 0.5 }),
    /** Seconds a phase may last. */
    deadlines: z
      .object({
        probing: z.number().min(1).max(86_400).default(300),
        training: z.number().min(1).max(86_400).default(900),
        evaluating: z.number().min(1).max(86_400).default(300),
      })
      .default({ probing: 300, training: 900, evaluating: 300 }),
    local: LocalConfig.prefault({}),
    seed: z.number().int().min(0).max(4_294_967_295).default(1),
  })
  .refine((c) => new Set(c.labels).size === c.labels.length, {
    path: ['labels'],
    message: 'labels must differ',
  })
  .refine((c) => c.cohort.minimum <= c.cohort.goal, {
    path: ['cohort', 'minimum'],
    message: 'the minimum cannot exceed the goal',
  });
export type RunConfig = z.infer<typeof RunConfig>;
export type RunConfigInput = z.input<typeof RunConfig>;

/** draft -> running <-> paused -> finished | stopped; failed when the run cannot go on. */
export const RunState = z.enum(['draft', 'running', 'paused', 'finished', 'stopped', 'failed']);
export type RunState = z.infer<typeof RunState>;

/** The phases of a round (docs/design.md, 3), in order; `abandoned` can follow any of them but `committed`. */
export const phases = [
  'waiting',
  'probing',
  'selecting',
  'training',
  'aggregating',
  'evaluating',
  'committed',
  'abandoned',
] as const;
export const Phase = z.enum(phases);
export type Phase = z.infer<typeof Phase>;

/** A committed (or candidate) global model: one content-addressed safetensors blob a layer. */
export const Checkpoint = z.object({
  /** 0 is the model the run started from. */
  round: z.number().int().min(0),
  layers: z.record(LayerName, z.object({ sha256: Sha256, bytes: z.number().int().min(0) })),
});
export type Checkpoint = z.infer<typeof Checkpoint>;
