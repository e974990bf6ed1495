import { type LayersModelFound, type PixelRange, StrataError } from '../../../protocol/index.ts';
import type { SpecOptions } from '../../config/fields.ts';
import { checkSize } from '../../config/size.ts';
import { classifierOf } from './classifier.ts';
import { nodesOf } from './graph.ts';
import { layersModelLayout } from './layout.ts';
import { partsOf } from './parts.ts';
import { rescaledFrom } from './pixels.ts';
import { shapeText } from './shape.ts';
import type { LayersModelSpec } from './spec.ts';

/** Of images for a model that takes any. */
const usualSide = 64;
const sides = { min: 8, max: 512 } as const;

/** For sentences: what pixels go in as. */
export const pixelRanges: Readonly<Record<PixelRange, string>> = {
  unit: 'from 0 to 1',
  signed: 'from -1 to 1',
  bytes: 'from 0 to 255',
};

/**
 * The spec of a LayersModel from its topology.
 *
 * @param options.pixels what the operator says of them; absent: what the file says, or from 0 to 1
 * @throws StrataError `bad-model` that names the layer which cannot be used, or says why the model is no classifier
 *   of images with layers to choose from.
 */
export function layersModelSpec(
  { name, input, layers, pixels: found, licence }: LayersModelFound,
  // Runs of before have not what their file says of pixels, but its layers.
  {
    id,
    pixels = found ?? rescaledFrom(layers) ?? 'unit',
  }: Pick<SpecOptions, 'id'> & { readonly pixels?: PixelRange | undefined },
): LayersModelSpec {
  const [height, width, channels] = input;
  if (height !== width || (channels !== 1 && channels !== 3)) {
    throw new StrataError(
      'bad-model',
      `The model ${id} takes images of ${shapeText(input)}.`,
      'Use a model for square images with 3 channels (RGB) or 1 (grey).',
    );
  }
  if (height !== null && (height < sides.min || height > sides.max)) {
    throw new StrataError(
      'bad-model',
      `The model ${id} takes images of ${height} pixels.`,
      `Use one for ${sides.min} to ${sides.max} pixels.`,
    );
  }
  const spec: LayersModelSpec = {
    id,
    architecture: 'layers-model',
    kind: 'image',
    title: name,
    description: `TensorFlow.js model of ${layers.length} Keras layers. Pixels go in as numbers ${pixelRanges[pixels]}. Batch normalisation keeps its statistics; dropout is off.`,
    licence: licence ?? 'unknown',
    granularity: 'block',
    side: height,
    defaultSide: height ?? usualSide,
    channels,
    pixels,
    layers,
  };
  check(spec);
  checkSize(id, layersModelLayout(spec, 2));
  return spec;
}

/** Follows the shapes once for the classes of the file, and looks for layers to choose from. */
function check(spec: LayersModelSpec): void {
  const { layer, outputs } = classifierOf(spec.layers);
  const last = nodesOf(spec.layers, [spec.side, spec.side, spec.channels]).at(-1);
  if (last?.output.length !== 1 || last.output[0] !== outputs) {
    throw new StrataError(
      'bad-model',
      `The model ${spec.id} answers with ${shapeText(last?.output ?? [])}, which is no score a class.`,
      `Make a vector of the ${outputs} outputs of layer ${layer.name}, and save the model again.`,
    );
  }
  if (partsOf(spec, outputs).some((part) => part.role === 'block')) return;
  throw new StrataError(
    'bad-model',
    `The model ${spec.id} has no layer to choose from: nothing but its classifier is trainable.`,
    'Set trainable on some layers before the classifier, and save the model again.',
  );
}

/**
 * Follows the shapes for images of another side.
 *
 * @throws StrataError `bad-config` for a side that the model is not for, `bad-model` that names the layer whose input
 *   becomes too small.
 */
export function checkLayersModelSide(spec: LayersModelSpec, side: number): void {
  if (spec.side !== null && spec.side !== side) {
    throw new StrataError(
      'bad-config',
      `${spec.title} takes images of ${spec.side} pixels, not ${side}.`,
      `Set side to ${spec.side}.`,
    );
  }
  nodesOf(spec.layers, [side, side, spec.channels]);
}

/** How many classes the classifier of the file is for. */
export const classifierOutputs = (spec: LayersModelSpec): number => classifierOf(spec.layers).outputs;
