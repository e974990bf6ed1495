import { z } from 'zod';
import { TaskConfig, taskNamed } from '../tasks/index.ts';
import { AggregationConfig } from './aggregation-config.ts';
import { FoundModel } from './found-model.ts';
import { LocalConfig } from './local-config.ts';
import { isPlain, PlainLine, PlainLines } from './plain-text.ts';
import { BudgetConfig, SelectionConfig, StrategyConfig } from './selection-config.ts';

/** Identifiers appear in paths: short, lower case, no separators that mean something elsewhere. */
export const Id = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'lower-case letters, digits and dashes, 1 to 64');
export const LayerName = z.string().min(1).max(128).refine(isPlain, 'must be one line of text');
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

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

/** What an operator decides when creating a run. */
export const RunConfig = z
  .object({
    name: PlainLine(80).min(1),
    description: PlainLines(2000).default(''),
    /** `invited`: only who has the join link sees and joins the run; `listed`: it stands on the start page for all. */
    visibility: z.enum(['invited', 'listed']).default('invited'),
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
