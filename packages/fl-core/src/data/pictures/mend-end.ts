import { imageType } from './signature.ts';

/** A file whose last marker is missing, with it. */
export interface Mended {
  readonly bytes: Uint8Array;
  /**
   * The same with noise before the marker: decodes to the same picture if, and only if, no pixel was missing. Absent
   * where the decoder itself refuses a file without all pixels.
   */
  readonly proof?: Uint8Array;
}

/**
 * Cameras and copies leave the last bytes away: `<img>` shows such a file, `createImageBitmap` refuses it. A JPEG gets
 * its end (FF D9), a PNG its last chunk; all other files, and those that are whole, are undefined.
 */
export function withEnd(bytes: Uint8Array): Mended | undefined {
  switch (imageType(bytes)) {
    case 'JPEG':
      return jpegEnds(bytes) ? undefined : { bytes: joined(bytes, eoi), proof: joined(bytes, noise, eoi) };
    case 'PNG':
      return pngEnds(bytes) ? undefined : { bytes: joined(bytes, iend) };
    default:
      return undefined;
  }
}

const eoi = Uint8Array.of(0xff, 0xd9);
const iend = Uint8Array.of(0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82);

/** Where pixels are missing it is taken for them: no byte is FF, which would begin a marker. */
const noise = Uint8Array.from({ length: 4096 }, (_, i) => (Math.imul(i + 1, 2_654_435_761) >>> 11) % 255);

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Whether the end marker comes, after segments that may hold whole thumbnails and after all scans. */
function jpegEnds(bytes: Uint8Array): boolean {
  let at = 2;
  while (at + 1 < bytes.length) {
    const marker = bytes[at + 1]!;
    if (bytes[at] !== 0xff || marker === 0xff || marker === 0) {
      at += 1; // pixels, or a marker that is filled up
    } else if (marker === 0xd9) return true;
    else if (marker >= 0xd0 && marker <= 0xd8) at += 2;
    else at += 2 + (((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0));
  }
  return false;
}

function pngEnds(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 8; at + 8 <= bytes.length; ) {
    if (view.getUint32(at + 4) === 0x49454e44) return true;
    at += 12 + view.getUint32(at);
  }
  return false;
}
