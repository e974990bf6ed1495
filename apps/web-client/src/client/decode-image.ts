import type { DecodedImage } from '@strata/fl-core/data';

/** Photos are reduced to this side at most before their pixels are read: models look at far fewer. */
const maxPhotoSide = 1024;

/** Decodes a picture with the browser, its EXIF rotation applied. Rejects when the browser cannot. */
export async function decodeImage(bytes: Uint8Array): Promise<DecodedImage> {
  return decode(bytes, Number.POSITIVE_INFINITY);
}

/** As {@link decodeImage}, reduced so that a folder of camera pictures does not fill the memory. */
export async function decodePhoto(bytes: Uint8Array): Promise<DecodedImage> {
  return decode(bytes, maxPhotoSide);
}

async function decode(bytes: Uint8Array, maxSide: number): Promise<DecodedImage> {
  const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)]), {
    imageOrientation: 'from-image',
    premultiplyAlpha: 'none',
  });
  const scale = Math.min(1, maxSide / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  try {
    const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
    if (context === null) throw new Error('This browser gives no canvas to a worker.');
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0, width, height);
    return { width, height, rgba: context.getImageData(0, 0, width, height).data };
  } finally {
    bitmap.close();
  }
}
