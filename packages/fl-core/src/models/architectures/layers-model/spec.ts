import type { LayersModelFound, PixelRange } from '../../../protocol/index.ts';
import type { CommonSpec } from '../../common-spec.ts';

/** One layer of a tfjs LayersModel, called once. */
export type KerasLayer = LayersModelFound['layers'][number];

/** The name under which layers refer to the images. */
export const inputName = 'input';

/**
 * A model of TensorFlow.js' layers API (https://www.tensorflow.org/js/guide/models_and_layers) that classifies
 * images, as its topology describes it.
 */
export interface LayersModelSpec extends CommonSpec {
  readonly architecture: 'layers-model';
  readonly kind: 'image';
  /** Side of the images in pixels; null: any. */
  readonly side: number | null;
  readonly defaultSide: number;
  /** 3: RGB; 1: luminance. */
  readonly channels: 1 | 3;
  /** `unit`: in [0, 1]; `signed`: in [-1, 1]; `bytes`: 0 to 255, for a model that rescales them itself. */
  readonly pixels: PixelRange;
  /** Those that lead to the output, in an order of calls. */
  readonly layers: readonly KerasLayer[];
}
