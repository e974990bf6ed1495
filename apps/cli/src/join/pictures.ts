import { createCanvas, loadImage } from '@napi-rs/canvas';
import type { OpenPicture } from '@strata/fl-core/data';

/** Decodes by Skia, as Chromium does: PNG, JPEG, WebP, AVIF, GIF. Rejects for what is no picture. */
export async function openPicture(bytes: Uint8Array): Promise<OpenPicture> {
  const image = await loadImage(asBrowsersTakeIt(bytes));
  const { width, height } = image;
  return {
    width,
    height,
    read(left, top, columns, rows) {
      const context = createCanvas(columns, rows).getContext('2d');
      context.imageSmoothingEnabled = false;
      context.drawImage(image, left, top, columns, rows, 0, 0, columns, rows);
      return { width: columns, height: rows, rgba: context.getImageData(0, 0, columns, rows).data };
    },
    close: () => {},
  };
}

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** 1 / 2.2 as a PNG says it, and how near to it counts as it. */
const usualGamma = { value: 45_455, within: 100 };

/**
 * A PNG without what browsers do not honour and this decoder would: primaries (cHRM) without a gamma, and the usual
 * gamma (gAMA) without primaries, which they take for sRGB. Where an sRGB chunk or a profile is there, that holds.
 */
function asBrowsersTakeIt(bytes: Uint8Array): Uint8Array {
  if (signature.some((byte, i) => bytes[i] !== byte)) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks = new Map<string, { readonly start: number; readonly end: number }>();
  for (let start = 8; start + 12 <= bytes.length; ) {
    const name = String.fromCharCode(...bytes.subarray(start + 4, start + 8));
    if (name === 'IDAT') break;
    const end = start + 12 + view.getUint32(start);
    if (end > bytes.length) return bytes; // the decoder says what is wrong with it
    chunks.set(name, { start, end });
    start = end;
  }
  const [gamma, primaries] = [chunks.get('gAMA'), chunks.get('cHRM')];
  if (chunks.has('sRGB') || chunks.has('iCCP') || (gamma === undefined) === (primaries === undefined))
    return bytes;
  const told = gamma === undefined ? null : view.getUint32(gamma.start + 8);
  if (told !== null && Math.abs(told - usualGamma.value) > usualGamma.within) return bytes;
  const { start, end } = (gamma ?? primaries)!;
  const out = new Uint8Array(bytes.length - (end - start));
  out.set(bytes.subarray(0, start));
  out.set(bytes.subarray(end), start);
  return out;
}
