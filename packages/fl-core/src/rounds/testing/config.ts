import { type ImportedModel, RunConfig, type RunConfigInput } from '../../protocol/index.ts';

/** A small run for three clients, whose cohorts are drawn by its seed. */
export const testConfig = (more: Partial<RunConfigInput> = {}): RunConfig =>
  RunConfig.parse({
    name: 'test',
    purpose: { kind: 'test', sampling: more.seed ?? 1 },
    model: 'vit-nano',
    side: 32,
    data: { kind: 'image' },
    labels: ['a', 'b', 'c'],
    strategy: { name: 'strata', lambda: 1 },
    rounds: 2,
    cohort: { goal: 3, minimum: 3, quorum: 0.5 },
    deadlines: { probing: 20, training: 20, evaluating: 20 },
    ...more,
  });

/** Three blocks of some hundred parameters: where thousands of rounds are played. */
export const tinyModel: ImportedModel = {
  source: 'folder:tiny',
  granularity: 'block',
  found: {
    kind: 'transformers',
    config: {
      model_type: 'vit',
      image_size: 8,
      patch_size: 8,
      hidden_size: 4,
      num_hidden_layers: 3,
      num_attention_heads: 1,
      intermediate_size: 4,
      hidden_act: 'gelu',
      layer_norm_eps: 1e-6,
    },
    preprocessor: null,
    licence: null,
  },
};
