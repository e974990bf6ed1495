import {
  type Catalog,
  type ModelChoice,
  ModelId,
  RunConfig,
  type RunConfigInput,
  SampleId,
  StrataError,
} from '@strata/fl-core/protocol';

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

/** The sample a model starts with: its usual one, or any of its kind, or none. */
export function usualSample(model: CatalogModel, samples: readonly CatalogSample[]): CatalogSample | null {
  const fitting = samples.filter((s) => s.kind === model.kind);
  const id = ModelId.safeParse(model.id);
  return fitting.find((s) => id.success && s.id === starting[id.data].sample) ?? fitting[0] ?? null;
}

/**
 * A complete configuration for a model, with its usual sample.
 * @param choice the model as a run names it, where that is not the id of the catalogue.
 */
export function defaultConfig(
  model: CatalogModel,
  samples: readonly CatalogSample[],
  choice: ModelChoice = ModelId.parse(model.id),
): RunConfig {
  const sample = usualSample(model, samples);
  const { budget, learningRate } = typeof choice === 'string' ? starting[choice] : unknownModel;
  const input: RunConfigInput = {
    name: `${model.title} on ${sample?.title ?? 'own data'}`.slice(0, 80),
    model: choice,
    side: model.kind === 'image' ? model.defaultSide : 64,
    data: { kind: model.kind, sample: sample === null ? null : SampleId.parse(sample.id) },
    labels: sample?.labels ?? ['yes', 'no'],
    strategy: { name: 'strata', lambda: 1 },
    budget: { kind: 'fixed', unit: 'layers', amount: budget },
    local: { optimizer: { name: 'adamw', learningRate } },
  };
  return RunConfig.parse(input);
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
 * A run that shows something within minutes on one machine.
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
  return { config: { ...config, cohort, local, rounds: 5 }, sample: config.data.sample };
}
