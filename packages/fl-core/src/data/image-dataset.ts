import type { ImageDataset } from './datasets/index.ts';
import type { RawImages } from './raw-samples.ts';
import { centreSquare, resizeRegion } from './resize.ts';

/**
 * Pictures as a dataset: the centred square of each, on white, resized to `side`.
 * @param side of the square in pixels.
 */
export function toImageDataset(raw: RawImages, side: number): ImageDataset {
  const stride = side * side * 3;
  const pixels = new Uint8Array(raw.images.length * stride); // (N, side, side, 3)
  raw.images.forEach((image, i) => {
    resizeRegion(centreSquare(image), side, pixels, i * stride);
  });
  return {
    kind: 'image',
    side,
    pixels,
    labels: raw.labels,
    ...(raw.heldOut ? { heldOut: raw.heldOut } : {}),
  };
}
