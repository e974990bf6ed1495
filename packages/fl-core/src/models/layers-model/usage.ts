import type { LayersModelSpec } from './spec.ts';

/** How to open the export, for its model card. */
export function layersModelUsage(spec: LayersModelSpec, side: number): string {
  const pixels = spec.pixels === 'bytes' ? 'from 0 to 255' : 'divided by 255';
  const channels = spec.channels === 1 ? 'of luminance (0.299 R + 0.587 G + 0.114 B)' : 'RGB';
  return `Opens with \`tf.loadLayersModel\` of TensorFlow.js, \`model.json\` and its \`.bin\` file side by side. It takes images of ${side} pixels, ${channels}, pixels ${pixels}, and answers with the probabilities of the labels above; they stand in the model's user-defined metadata too.`;
}
