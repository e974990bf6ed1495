import type { ModelChoice, RunConfig } from '../../protocol/index.ts';
import { taskNamed } from '../../tasks/index.ts';
import { architectureOf } from '../architectures/index.ts';
import type { ImageInput } from '../common-spec.ts';
import { specOf } from '../spec-of.ts';
import type { Json } from './transformers.ts';

/** Field of an exported `config.json` that names the task of the run. */
export const taskField = 'strata_task';

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
  const spec = specOf(config);
  return {
    ...architectureOf(spec).exportedConfig(spec, foundConfig(config.model)),
    dtype: 'float32',
    ...labelFields(config),
    // `problem_type` has the same word for a text and for two.
    [taskField]: config.task.name,
  };
}

const foundConfig = (model: ModelChoice): Json | null =>
  typeof model !== 'string' && model.found?.kind === 'transformers' ? model.found.config : null;

/** Fields that transformers takes as floats only, whatever their value. */
const floats = /^(\s*"\w*(?:factor|range|dropout|pdrop|prob|rate|eps|epsilon|init_value)": -?\d+)(,?)$/gm;

/** The text of `config.json`. JSON of JavaScript has no 1.0, and transformers refuses 1 for some fields. */
export const configJson = (config: Json): string =>
  `${JSON.stringify(config, null, 2).replace(floats, '$1.0$2')}\n`;

/**
 * `preprocessor_config.json` of a model for images of `side` pixels, as near to what it was trained on as transformers
 * can say: the shorter side resized, then the centred square cut out, where Strata cuts first. CLIP's processor is the
 * one that does so in all versions. That images are turned by their EXIF orientation and in sRGB no such file can say.
 * Images of another side than the pretrained one need `interpolate_pos_encoding=True`.
 */
export const exportPreprocessor = ({ mean, std }: ImageInput, side: number): Json => ({
  image_processor_type: 'CLIPImageProcessor',
  do_convert_rgb: true,
  do_resize: true,
  size: { shortest_edge: side },
  resample: 2,
  do_center_crop: true,
  crop_size: { height: side, width: side },
  do_rescale: true,
  rescale_factor: 1 / 255,
  do_normalize: true,
  image_mean: [...mean],
  image_std: [...std],
});
