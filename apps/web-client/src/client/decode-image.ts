import type { OpenPicture } from '@strata/fl-core/data';

/** Decodes with the browser, which converts colours to sRGB by the picture's profile. */
export async function openPicture(bytes: Uint8Array): Promise<OpenPicture> {
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
