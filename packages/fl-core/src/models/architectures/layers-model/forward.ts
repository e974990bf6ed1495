import { tensor4d } from '@tensorflow/tfjs-core';
import { type PixelRange, StrataError } from '../../../protocol/index.ts';
import type { Batch, ImageBatch } from '../../batch.ts';
import type { Activation, CreateModel, Stage } from '../../model.ts';
import { BoundLayers } from './bound-layers.ts';
import { checkLayersModelSide } from './config.ts';
import { layersModelLayout } from './layout.ts';
import { layersLibrary } from './library.ts';
import { partsOf } from './parts.ts';
import type { LayersModelSpec } from './spec.ts';

/**
 * A LayersModel on the library that it was made with. It runs as in inference, in training too: dropout and noise do
 * nothing, and batch normalisation takes its moving statistics, which stay as the file has them (as in the usual
 * fine-tuning of pretrained convolutional networks: statistics of a few local samples would differ from client to
 * client). Regularisers and constraints of the file are not applied.
 *
 * @throws StrataError `bad-config` for a side that the model is not for.
 */
export const createModel: CreateModel<LayersModelSpec> = async (spec, { classes, side }) => {
  checkLayersModelSide(spec, side);
  const parts = partsOf(spec, classes);
  const nodes = parts.flatMap((part) => part.nodes);
  const layers = await BoundLayers.build(await layersLibrary(), nodes, [side, side, spec.channels]);
  return {
    layout: layersModelLayout(spec, classes),
    classes,
    stages: parts.map(
      (part): Stage => ({
        layer: part.name,
        forward: (parameters, { x }) => ({ x: layers.run(part.nodes, parameters, x) }),
      }),
    ),
    input: (batch) => imageInput(spec, side, batch),
  };
};

/** Images as the model takes them, (B, side, side, channels). Throws `bad-config` on a batch that does not fit. */
function imageInput(spec: LayersModelSpec, side: number, batch: Batch): Activation {
  if (batch.kind !== 'image' || batch.side !== side) {
    const what = batch.kind === 'image' ? `images of ${batch.side} pixels` : `a batch of kind ${batch.kind}`;
    throw new StrataError('bad-config', `${spec.id} was given ${what}.`, `Resize images to ${side} pixels.`);
  }
  return { x: tensor4d(values(spec, batch), [batch.size, side, side, spec.channels]) };
}

/** Luminance of ITU-R BT.601. */
const luminance = [0.299, 0.587, 0.114] as const;

/** What a byte v goes in as: scale v + shift. */
const affine: Readonly<Record<PixelRange, { readonly scale: number; readonly shift: number }>> = {
  unit: { scale: 1 / 255, shift: 0 },
  signed: { scale: 2 / 255, shift: -1 },
  bytes: { scale: 1, shift: 0 },
};

function values({ channels, pixels }: LayersModelSpec, batch: ImageBatch): Float32Array {
  const { scale, shift } = affine[pixels];
  if (channels === 3) return Float32Array.from(batch.pixels, (v) => v * scale + shift);
  const [red, green, blue] = luminance;
  return Float32Array.from({ length: batch.pixels.length / 3 }, (_, i) => {
    const [r = 0, g = 0, b = 0] = batch.pixels.subarray(3 * i, 3 * i + 3);
    return (red * r + green * g + blue * b) * scale + shift;
  });
}
