import type { ImportedModel, RunConfig } from '../../protocol/index.ts';
import { taskNamed } from '../../tasks/index.ts';
import type { ActivationFunction, ImageInput } from '../common-spec.ts';
import type { ModelSpec } from '../spec.ts';
import { specOf } from '../spec-of.ts';
import type { VitSpec } from '../vit/spec.ts';

type Json = Readonly<Record<string, unknown>>;

/** What transformers keeps in `config.json` of a classifier's labels. */
function labelFields({ task, labels }: Pick<RunConfig, 'task' | 'labels'>): Json {
  const { problem } = taskNamed(task.name).hub;
  if (problem === null) return {};
  return {
    id2label: Object.fromEntries(labels.map((label, i) => [String(i), label])),
    label2id: Object.fromEntries(labels.map((label, i) => [label, i])),
    problem_type: problem,
  };
}

/**
 * `config.json` of a fine-tuned model: what its source says, or for built-in models what transformers would say,
 * with the task and the labels of the run. The sentence encoder is no architecture of transformers; its config says so by its
 * `model_type`.
 */
export function exportConfig(config: Pick<RunConfig, 'model' | 'task' | 'labels'>): Json {
  const { model } = config;
  const spec = specOf(config);
  const found = typeof model === 'string' ? ownConfig(spec) : foundConfig(spec, configOf(model));
  const architecture = transformersClass(spec, found);
  return {
    ...found,
    ...(architecture === null ? {} : { architectures: [architecture] }),
    dtype: 'float32',
    // Without it transformers' GPT-2 cannot tell where a padded text ends.
    ...(spec.architecture === 'gpt2' ? { pad_token_id: spec.padToken } : {}),
    ...labelFields(config),
  };
}

const configOf = ({ found }: ImportedModel): Json => (found?.kind === 'transformers' ? found.config : {});

/** Of a whole CLIP only the image half goes on. */
function foundConfig(spec: ModelSpec, config: Json): Json {
  if (spec.architecture !== 'clip') return config;
  const vision = config.vision_config;
  const fields = typeof vision === 'object' && vision !== null ? vision : config;
  return { ...fields, model_type: 'clip_vision_model', projection_dim: spec.projection };
}

/** Fields that transformers takes as floats only, whatever their value. */
const floats = /^(\s*"\w*(?:factor|range|dropout|pdrop|prob|rate|eps|epsilon|init_value)": -?\d+)(,?)$/gm;

/** The text of `config.json`. JSON of JavaScript has no 1.0, and transformers refuses 1 for some fields. */
export const configJson = (config: Json): string =>
  `${JSON.stringify(config, null, 2).replace(floats, '$1.0$2')}\n`;

/** The class of transformers that opens the export; for CLIP, all but its classifier. */
function transformersClass(spec: ModelSpec, config: Json): string | null {
  switch (spec.architecture) {
    case 'vit':
      return spec.tokens === 'class' ? 'ViTForImageClassification' : 'DeiTForImageClassification';
    case 'clip':
      return 'CLIPVisionModelWithProjection';
    case 'bert':
      return 'BertForSequenceClassification';
    case 'roberta':
      return config.model_type === 'roberta'
        ? 'RobertaForSequenceClassification'
        : 'XLMRobertaForSequenceClassification';
    case 'distilbert':
      return 'DistilBertForSequenceClassification';
    case 'gpt2':
      return spec.task === 'next-token' ? 'GPT2LMHeadModel' : 'GPT2ForSequenceClassification';
    case 'use-lite':
    case 'layers-model':
      return null;
    default:
      return spec satisfies never;
  }
}

const activationNames: Readonly<Record<ActivationFunction, string>> = {
  gelu: 'gelu',
  'gelu-tanh': 'gelu_new',
  'quick-gelu': 'quick_gelu',
  relu: 'relu',
};

/** Of a model of the catalog. */
function ownConfig(spec: ModelSpec): Json {
  if (spec.architecture === 'vit') return vitConfig(spec);
  const { title: _, description: __, licence: ___, id: ____, architecture, ...sizes } = spec;
  return { model_type: architecture, ...sizes };
}

const vitConfig = (spec: VitSpec): Json => ({
  model_type: spec.tokens === 'class' ? 'vit' : 'deit',
  hidden_size: spec.dim,
  num_hidden_layers: spec.depth,
  num_attention_heads: spec.heads,
  intermediate_size: spec.mlp,
  hidden_act: activationNames[spec.activation],
  layer_norm_eps: spec.layerNormEps,
  image_size: spec.pretrainedSide,
  patch_size: spec.patch,
  num_channels: 3,
  qkv_bias: true,
  hidden_dropout_prob: 0,
  attention_probs_dropout_prob: 0,
});

/**
 * `preprocessor_config.json` of a model for images of `side` pixels. Images of another side than the pretrained one
 * need `interpolate_pos_encoding=True` in transformers.
 */
export const exportPreprocessor = ({ mean, std }: ImageInput, side: number): Json => ({
  image_processor_type: 'ViTImageProcessor',
  do_resize: true,
  size: { height: side, width: side },
  resample: 2,
  do_rescale: true,
  rescale_factor: 1 / 255,
  do_normalize: true,
  image_mean: [...mean],
  image_std: [...std],
});
