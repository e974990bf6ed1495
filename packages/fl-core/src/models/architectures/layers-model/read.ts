import { z } from 'zod';
import { LayersModelFound, PixelRange, StrataError } from '../../../protocol/index.ts';
import { rescaledFrom } from './pixels.ts';
import { flat, type Unfolded, unfold } from './unfold.ts';

/** What a `model.json` says of a model, the weights left out. */
export interface LayersModelFile {
  readonly found: LayersModelFound;
  /** Labels of the classifier, in the order of its outputs, where the file names them. */
  readonly labels: readonly string[] | null;
}

const File = z.object({
  format: z.string().nullish(),
  modelTopology: z.record(z.string(), z.json()),
  userDefinedMetadata: z.record(z.string(), z.json()).nullish(),
});

/** Keras' own file wraps the model. */
const Wrapped = z.object({ model_config: z.record(z.string(), z.json()) });
const Labels = z.object({ labels: z.array(z.string()).min(1).max(1000) });
/** As an export of ours has it. */
const Pixels = z.object({ pixels: PixelRange });

/**
 * The topology of a tfjs LayersModel from its `model.json`, as tfjs-layers or the converter of Keras 2 wrote it.
 *
 * @throws StrataError `bad-model` that names the layer which cannot be trained, and what to do about it.
 */
export function readLayersModel(json: unknown, name: string): LayersModelFile {
  const file = File.safeParse(json);
  if (!file.success) {
    throw new StrataError(
      'bad-model',
      `The model.json of ${name} is not one of TensorFlow.js (${z.prettifyError(file.error)}).`,
      'Use the file that model.save of TensorFlow.js or tensorflowjs_converter wrote.',
    );
  }
  const { format, modelTopology, userDefinedMetadata } = file.data;
  if (format === 'graph-model' || 'node' in modelTopology) {
    throw new StrataError(
      'bad-model',
      `${name} is a GraphModel: it is frozen and has no layers to train.`,
      'Convert the Keras model again with --output_format=tfjs_layers_model.',
    );
  }
  const wrapped = Wrapped.safeParse(modelTopology);
  const model = unfold(wrapped.success ? wrapped.data.model_config : modelTopology, name);
  const labels = Labels.safeParse(userDefinedMetadata);
  const said = Pixels.safeParse(userDefinedMetadata);
  const found = foundOf(model, name);
  const pixels = said.success ? said.data.pixels : rescaledFrom(found.layers);
  return { found: { ...found, pixels }, labels: labels.success ? labels.data.labels : null };
}

function foundOf(model: Unfolded, name: string): LayersModelFound {
  const found = LayersModelFound.safeParse({ kind: 'layers-model', ...flat(model, name), licence: null });
  if (found.success) return found.data;
  throw new StrataError(
    'bad-model',
    `The layers of ${name} cannot be used (${z.prettifyError(found.error)}).`,
    'Give the layers plain names, and save the model again.',
  );
}
