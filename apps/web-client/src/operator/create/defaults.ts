import {
  type Catalog,
  type ModelChoice,
  ModelId,
  RunConfig,
  type RunConfigInput,
  SampleId,
  StrataError,
  type TaskName,
} from '@strata/fl-core/protocol';
import { usualHead } from '@strata/fl-core/rounds/usual-head';
import { strategyNamed } from '@strata/fl-core/selection';
import { taskNamed } from '@strata/fl-core/tasks';

export type CatalogModel = Catalog['models'][number];
export type CatalogSample = Catalog['samples'][number];

interface Starting {
  readonly sample: SampleId;
  readonly budget: number;
  readonly learningRate: number;
}

/** Sensible starting points; each was chosen for fine-tuning a few layers with AdamW. */
const starting: Readonly<Record<ModelId, Starting>> = {
  'use-lite': { sample: 'wordnet', budget: 2, learningRate: 1e-3 },
  'deit-tiny': { sample: 'emoji', budget: 3, learningRate: 5e-4 },
  'vit-mini': { sample: 'emoji', budget: 3, learningRate: 5e-4 },
  'vit-nano': { sample: 'emoji', budget: 2, learningRate: 3e-3 },
};

/** For a model that the project does not know: usual rates of fine-tuning. */
const unknownModel = { budget: 2, learningRate: 5e-4 } as const;

/** The samples that a run of a model for a task can be on. */
export const fittingSamples = (
  { kind }: CatalogModel,
  samples: readonly CatalogSample[],
  task: TaskName,
): readonly CatalogSample[] => samples.filter((s) => s.kind === kind && s.tasks.includes(task));

/** The sample a model starts with: its usual one, or any that fits, or none. */
export function usualSample(
  model: CatalogModel,
  samples: readonly CatalogSample[],
  task: TaskName,
): CatalogSample | null {
  const fitting = fittingSamples(model, samples, task);
  const id = ModelId.safeParse(model.id);
  return fitting.find((s) => id.success && s.id === starting[id.data].sample) ?? fitting[0] ?? null;
}

/** What a model is taken for as long as nobody says. */
const firstTask = ({ tasks }: CatalogModel): TaskName => tasks[0] ?? 'classification';

/** What a run is called as long as nobody says. */
export const usualName = (model: CatalogModel, sample: CatalogSample | null): string =>
  `${model.title} on ${sample?.title ?? 'own data'}`.slice(0, 80);

export interface Wishes {
  /** The model as a run names it; its id of the catalogue when absent. */
  readonly choice?: ModelChoice;
  /** The model's first when absent, or when it cannot be trained for this one. */
  readonly task?: TaskName;
}

/** A complete configuration for a model, with its usual sample. */
export function defaultConfig(
  model: CatalogModel,
  samples: readonly CatalogSample[],
  { choice = ModelId.parse(model.id), task: wanted }: Wishes = {},
): RunConfig {
  const task = wanted !== undefined && model.tasks.includes(wanted) ? wanted : firstTask(model);
  const sample = usualSample(model, samples, task);
  const { budget, learningRate } = typeof choice === 'string' ? starting[choice] : unknownModel;
  const input: RunConfigInput = {
    name: usualName(model, sample),
    model: choice,
    side: model.kind === 'image' ? model.defaultSide : 64,
    data: { kind: model.kind, sample: sample === null ? null : SampleId.parse(sample.id) },
    task: taskNamed(task).startConfig(model.maxTokens),
    labels: labelsFor(task, sample),
    strategy: { name: 'strata', lambda: 1 },
    selection: { every: strategyNamed('strata').keptFor },
    budget: { kind: 'fixed', unit: 'layers', amount: budget },
    local: { optimizer: { name: 'adamw', learningRate } },
  };
  const config = RunConfig.parse(input);
  return { ...config, local: { ...config.local, head: usualHead(config) } };
}

/**
 * What a run starts with as labels: the sample's, without one the task's examples, so that the form can be sent as it
 * is; none where the task has none.
 */
export function labelsFor(task: TaskName, sample: CatalogSample | null): string[] {
  const { labels } = taskNamed(task);
  return labels === null ? [] : [...(sample?.labels ?? labels)];
}

/** Ready models first, and among them the pretrained ones: what a newcomer should see. */
const preference: readonly string[] = ['use-lite', 'deit-tiny', 'vit-mini', 'vit-nano'];

export function preferredModel(catalog: Catalog): CatalogModel | undefined {
  const rank = (model: CatalogModel) => preference.indexOf(model.id);
  return catalog.models
    .filter((m) => m.availability !== 'missing' && ModelId.safeParse(m.id).success)
    .sort(
      (a, b) => Number(b.availability === 'ready') - Number(a.availability === 'ready') || rank(a) - rank(b),
    )[0];
}

/**
 * A run that shows something within minutes on one machine: a test.
 * @throws {StrataError} `bad-model` when this server has no model with a sample to go with it.
 */
export function sampleRun(catalog: Catalog, clients: number): { config: RunConfig; sample: SampleId } {
  const model = preferredModel(catalog);
  const config = model && defaultConfig(model, catalog.samples);
  if (config === undefined || config.data.sample === null) {
    throw new StrataError(
      'bad-model',
      'This server has no model and sample data that go together.',
      'See in “New run” what each model lacks.',
    );
  }
  const cohort = { ...config.cohort, goal: clients, minimum: clients };
  // bounded, so that a round takes seconds even where three participants share one processor
  const local = { ...config.local, maxBatches: 16 };
  const purpose = { kind: 'test', sampling: null } as const;
  return { config: { ...config, purpose, cohort, local, rounds: 5 }, sample: config.data.sample };
}
