import {
  type DecodedImage,
  type OpenPicture,
  type ReducedPicture,
  reducePicture,
} from '@strata/fl-core/data';

/** The whole of a picture that is part of the project, as it lies in the file. Rejects when the browser cannot. */
export async function decodeImage(bytes: Uint8Array): Promise<DecodedImage> {
  const picture = await openPicture(bytes);
  try {
    return picture.read(0, 0, picture.width, picture.height);
  } finally {
    picture.close();
  }
}

/** A person's picture as a model of that side takes it. Rejects with PictureRefusal. */
export const reducePhoto = (bytes: Uint8Array, side: number, mostPixels: number): Promise<ReducedPicture> =>
  reducePicture(bytes, { side, mostPixels, open: openPicture });

/** Decodes with the browser, which converts colours to sRGB by the picture's profile. */
async function openPicture(bytes: Uint8Array): Promise<OpenPicture> {
  const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)]), { premultiplyAlpha: 'none' });
  const { width, height } = bitmap;
  return {
    width,
    height,
    // Canvases of a part alone: Safari has none of more than some ten million pixels.
    read(left, top, columns, rows) {
      const context = new OffscreenCanvas(columns, rows).getContext('2d', { willReadFrequently: true });
      if (context === null) throw new Error('This browser gives no canvas to a worker.');
      context.imageSmoothingEnabled = false;
      context.drawImage(bitmap, left, top, columns, rows, 0, 0, columns, rows);
      return { width: columns, height: rows, rgba: context.getImageData(0, 0, columns, rows).data };
    },
    close: () => bitmap.close(),
  };
}
