import { StrataError } from '../../../protocol/index.ts';
import { defineArchitecture } from '../define.ts';
import { checkLayersModelSide, pixelRanges } from './config.ts';
import { layersModelLayout } from './layout.ts';
import type { LayersModelSpec } from './spec.ts';
import { layersModelWork } from './work.ts';

export const layersModel = defineArchitecture<LayersModelSpec>({
  name: 'layers-model',
  title: 'TensorFlow.js LayersModel',
  text: 'Any network of Keras layers that classifies images, read from its `model.json`: layers with weights are the layers, a residual block is one.',
  source: 'https://www.tensorflow.org/js/guide/models_and_layers',
  kind: 'image',
  heads: ['classification'],
  layout: layersModelLayout,
  work: layersModelWork,
  opensIn: 'TensorFlow.js',
  usage,
  sides: ({ side }) => (side === null ? {} : { sideMultiple: side, largestSide: side }),
  checkSide: checkLayersModelSide,
  checkInitial: (spec, initial) => {
    if (initial === 'pretrained') return;
    // The file does not say what its layers are drawn from.
    throw new StrataError(
      'bad-config',
      `${spec.title} is a LayersModel, which cannot be drawn anew.`,
      'Set initial to pretrained: it then starts from the weights that it came with.',
    );
  },
});

function usage({ pixels, channels }: LayersModelSpec, side: number): string {
  const colours = channels === 1 ? 'of luminance (0.299 R + 0.587 G + 0.114 B)' : 'RGB';
  return `Opens with \`tf.loadLayersModel\` of TensorFlow.js, \`model.json\` and its \`.bin\` file side by side. It takes images of ${side} pixels (the centred square of an upright image in sRGB, resized), ${colours}, pixels as numbers ${pixelRanges[pixels]}, and answers with the probabilities of the labels above; they stand in the model's user-defined metadata too, as \`labels\` and \`pixels\`.`;
}
