import { z } from 'zod';
import { TaskConfig, taskNamed } from '../tasks/index.ts';
import { AggregationConfig } from './aggregation-config.ts';
import { FoundModel, PixelRange } from './found-model.ts';
import { RetentionConfig, StoppingConfig } from './lifetime-config.ts';
import { LocalConfig } from './local-config.ts';
import { isPlain, PlainLine, PlainLines } from './plain-text.ts';
import { PrivacyConfig, secretSampling } from './privacy-config.ts';
import { BudgetConfig, SelectionConfig, StrategyConfig } from './selection-config.ts';

/** Identifiers appear in paths: short, lower case, no separators that mean something elsewhere. */
export const Id = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'lower-case letters, digits and dashes, 1 to 64');
export const LayerName = z.string().min(1).max(128).refine(isPlain, 'must be one line of text');
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** What a client trains by (C2), the best first. */
export const backendNames = ['webgpu', 'wasm', 'cpu'] as const;
export type BackendName = (typeof backendNames)[number];

export const modelIds = ['use-lite', 'deit-tiny', 'vit-mini', 'vit-nano'] as const;
export const ModelId = z.enum(modelIds);
export type ModelId = z.infer<typeof ModelId>;

/** A model that is not built in: a folder, an upload, a repository of the Hugging Face Hub or a URL. */
export const ImportedModel = z.object({
  /**
   * `folder:NAME` of the server's folder of models, `upload:SHA256` of files that the operator sent,
   * `hub:OWNER/NAME[@REVISION]`, or the URL of a folder.
   */
  source: z
    .string()
    .max(500)
    .regex(/^(folder:|upload:|hub:|https?:\/\/)\S+$/, 'must be folder:NAME, hub:OWNER/NAME or a URL'),
  /** Whether a block is one layer, or its attention and its feed-forward half are layers of their own. */
  granularity: z.enum(['block', 'sublayer']).default('block'),
  /** What pixels go into a LayersModel as, where the operator says it; absent: as the file says, or from 0 to 1. */
  pixels: PixelRange.optional(),
  /** What the server found there when the run was created; what a request says is not looked at. */
  found: FoundModel.nullable().default(null),
});
export type ImportedModel = z.infer<typeof ImportedModel>;

/** What a run starts from. */
export const ModelChoice = z.union([ModelId, ImportedModel]);
export type ModelChoice = z.infer<typeof ModelChoice>;

export const sampleIds = ['emoji', 'fashion-mnist', 'wordnet'] as const;
/** A data set that ships with the project (folder `samples/`). */
export const SampleId = z.enum(sampleIds);
export type SampleId = z.infer<typeof SampleId>;

const Seed = z.number().int().min(0).max(4_294_967_295);

/** Participants and updates that a round of a study needs at the least: of fewer, a model tells too much of each. */
export const leastParticipants = 3;

/**
 * What the run is for, and so what its participants may rely on. `study`: no round without {@link leastParticipants},
 * and nobody knows before the end what cohorts are drawn with. `test`: any number, down to one, so that what is sent
 * may be read back; participants are told so before they join.
 */
export const Purpose = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('study') }),
  z.object({
    kind: z.literal('test'),
    /** Seed that cohorts are drawn with, so that the run can be repeated exactly; null: drawn in secret, as in a study. */
    sampling: Seed.nullable().default(null),
  }),
]);
export type Purpose = z.infer<typeof Purpose>;

/**
 * When a round closes. `rounds`: when its cohort is done, or out of time. `buffered` (FedBuff, Nguyen et al., arXiv
 * 2106.06639): as soon as as many updates are there as the goal wants; who is not done goes on, and its update counts in a
 * later round, the less the older its model is.
 */
export const Timing = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('rounds') }),
  z.object({
    kind: z.literal('buffered'),
    /** Clients that are at work at once; no fewer than the goal. */
    atWork: z.number().int().min(1).max(10_000),
    /** Commits that a client's model may be behind; what is older is dropped, and its client gets new work. */
    staleness: z.number().int().min(0).max(100).default(10),
  }),
]);
export type Timing = z.infer<typeof Timing>;

/** What an operator decides when creating a run. */
export const RunConfig = z
  .object({
    name: PlainLine(80).min(1),
    description: PlainLines(2000).default(''),
    /**
     * `invited`: only who has the join link, or an invitation, sees and joins the run; `named`: only who has an
     * invitation, which counts its uses and ends; `listed`: it stands on the start page for all.
     */
    visibility: z.enum(['invited', 'named', 'listed']).default('invited'),
    /** Whoever is new waits, and takes no part, until an operator has let them in. */
    approval: z.boolean().default(false),
    purpose: Purpose.default({ kind: 'study' }),
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
    task: TaskConfig.default({ name: 'classification' }),
    /** What the model tells apart, 2 or more; none where the task has none. */
    labels: z.array(PlainLine(80).min(1)).max(1000),
    strategy: StrategyConfig,
    selection: SelectionConfig.prefault({}),
    budget: BudgetConfig.default({ kind: 'fixed', unit: 'layers', amount: 2 }),
    aggregation: AggregationConfig.prefault({}),
    privacy: PrivacyConfig.default({ kind: 'none' }),
    rounds: z.number().int().min(1).max(10_000).default(5),
    cohort: z
      .object({
        /** Updates wanted a round; the cohort is over-sampled to get them (R10). */
        goal: z.number().int().min(1).max(10_000).default(leastParticipants),
        /** Ready clients needed before a round opens; {@link leastParticipants} or more in a study. */
        minimum: z.number().int().min(1).max(10_000).default(leastParticipants),
        /** Share of the goal that must have answered for a phase to close at its deadline (R2). */
        quorum: z.number().min(0).max(1).default(0.5),
        /** How long a phase still waits for the others when the goal is reached (R2). */
        grace: z
          .object({
            /** Of the time that the goal took; 0.5 waits for who is half as slow again. */
            share: z.number().min(0).max(100).default(0.5),
            /** At least this many seconds. */
            seconds: z.number().min(0).max(86_400).default(5),
          })
          .prefault({}),
        /** Whom a cohort may be drawn from: by what clients say of themselves, which nothing proves. */
        eligible: z
          .object({
            backends: z
              .array(z.enum(backendNames))
              .min(1)
              .default([...backendNames]),
            /** Training samples, at least. */
            samples: z.number().int().min(1).max(1_000_000_000).default(1),
          })
          .prefault({}),
        timing: Timing.default({ kind: 'rounds' }),
      })
      .prefault({}),
    /** Seconds a phase may last. */
    deadlines: z
      .object({
        probing: z.number().min(1).max(86_400).default(300),
        training: z.number().min(1).max(86_400).default(900),
        evaluating: z.number().min(1).max(86_400).default(300),
      })
      .default({ probing: 300, training: 900, evaluating: 300 }),
    local: LocalConfig.prefault({}),
    stopping: StoppingConfig.prefault({}),
    retention: RetentionConfig.prefault({}),
    seed: Seed.default(1),
  })
  .refine((c) => new Set(c.labels).size === c.labels.length, {
    path: ['labels'],
    message: 'labels must differ',
  })
  .refine((c) => taskNamed(c.task.name).labels === null || c.labels.length >= 2, {
    path: ['labels'],
    message: 'two labels or more are needed',
  })
  .refine((c) => taskNamed(c.task.name).labels !== null || c.labels.length === 0, {
    path: ['labels'],
    message: 'this task has no labels',
  })
  .refine((c) => c.data.kind !== 'image' || taskNamed(c.task.name).takes('image'), {
    path: ['task'],
    message: 'this task is not for pictures',
  })
  .refine((c) => c.data.kind !== 'text' || taskNamed(c.task.name).takes('text'), {
    path: ['task'],
    message: 'this task is not for texts',
  })
  .refine((c) => secretSampling(c) !== null || c.cohort.minimum <= c.cohort.goal, {
    path: ['cohort', 'minimum'],
    message: 'the minimum cannot exceed the goal',
  })
  .refine((c) => c.purpose.kind === 'test' || c.cohort.minimum >= leastParticipants, {
    path: ['cohort', 'minimum'],
    message: `a study needs ${leastParticipants} participants or more; mark the run as a test to try it with fewer`,
  });
export type RunConfig = z.infer<typeof RunConfig>;
export type RunConfigInput = z.input<typeof RunConfig>;

/** How a run is buffered; null: it is played in rounds. */
export const bufferOf = ({ cohort: { timing } }: { readonly cohort: Pick<RunConfig['cohort'], 'timing'> }) =>
  timing.kind === 'buffered' ? timing : null;

/** draft -> running <-> paused -> finished | stopped; failed when the run cannot go on. */
export const RunState = z.enum(['draft', 'running', 'paused', 'finished', 'stopped', 'failed']);
export type RunState = z.infer<typeof RunState>;

/**
 * The phases of a round (docs/design.md, 3), in order; `abandoned` can follow any of them but `committed`. `sealing`,
 * `uploading` and `unmasking` are of sealed rounds alone, which have no `evaluating`.
 */
export const phases = [
  'waiting',
  'probing',
  'selecting',
  'training',
  'sealing',
  'uploading',
  'unmasking',
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

/** What the server keeps of layers beside their weights: a blob each, content-addressed as those. */
export type KeptStates = Readonly<
  Record<
    string,
    Checkpoint['layers'][string] & {
      /** ||change|| / ||weights|| of the layer's last change, where the run's strategy recycles changes. */
      readonly relativeChange?: number;
    }
  >
>;
