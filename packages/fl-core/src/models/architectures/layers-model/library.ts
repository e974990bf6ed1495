import {
  type GradConfig,
  getBackend,
  getGradient,
  getKernelsForBackend,
  registerGradient,
} from '@tensorflow/tfjs-core';

/** TensorFlow.js' layers library, fetched when a model needs it. */
export type LayersLibrary = typeof import('@tensorflow/tfjs-layers');

/**
 * Loads the library. It registers tfjs' own gradients for all kernels; those that were there before are put back,
 * because some of tfjs' are wrong and on Node its bundle has copies.
 */
export async function layersLibrary(): Promise<LayersLibrary> {
  const kept = getKernelsForBackend(getBackend()).flatMap(({ kernelName }) => {
    // tfjs declares the result as always present, which it is not.
    const gradient = getGradient(kernelName) as GradConfig | undefined;
    return gradient === undefined ? [] : [gradient];
  });
  const library = await import('@tensorflow/tfjs-layers');
  for (const gradient of kept) registerGradient(gradient);
  return library;
}
