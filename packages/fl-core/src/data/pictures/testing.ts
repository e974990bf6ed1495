import { crc32 } from '../archive/crc32.ts';

/** Pictures with metadata, byte by byte. */

const bytesOf = (text: string): number[] => Array.from(text, (c) => c.charCodeAt(0));

/** A TIFF structure with one tag, the orientation. */
export function exifBlock(orientation: number, order: 'II' | 'MM' = 'MM'): number[] {
  const number = (value: number, bytes: 2 | 4): number[] => {
    const big = Array.from({ length: bytes }, (_, i) => (value >>> (8 * (bytes - 1 - i))) & 0xff);
    return order === 'MM' ? big : big.reverse();
  };
  return [
    ...bytesOf(order),
    ...number(42, 2),
    ...number(8, 4),
    ...number(1, 2),
    ...number(0x0112, 2),
    ...number(3, 2),
    ...number(1, 4),
    ...number(orientation, 2),
    0,
    0,
    ...number(0, 4),
  ];
}

/** The JPEG with an EXIF segment after its first marker. */
export function jpegWithExif(jpeg: Uint8Array, exif: readonly number[]): Uint8Array {
  const content = [...bytesOf('Exif\0\0'), ...exif];
  return Uint8Array.from([0xff, 0xd8, 0xff, 0xe1, 0, content.length + 2, ...content, ...jpeg.subarray(2)]);
}

/** The PNG with a chunk after its header. */
export function pngWithChunk(png: Uint8Array, name: string, content: readonly number[]): Uint8Array {
  const body = Uint8Array.from([...bytesOf(name), ...content]);
  const head = new Uint8Array(4);
  new DataView(head.buffer).setUint32(0, content.length);
  const sum = new Uint8Array(4);
  new DataView(sum.buffer).setUint32(0, crc32(body));
  const header = 8 + 12 + 13;
  return Uint8Array.from([...png.subarray(0, header), ...head, ...body, ...sum, ...png.subarray(header)]);
}

/** The WebP of one picture, made an extended one if it is none, with an EXIF chunk at its end. */
export function webpWithExif(
  webp: Uint8Array,
  size: { readonly width: number; readonly height: number },
  exif: readonly number[],
): Uint8Array {
  const number = (value: number, bytes: number): number[] =>
    Array.from({ length: bytes }, (_, i) => (value >>> (8 * i)) & 0xff);
  const chunk = (name: string, content: readonly number[]): number[] => [
    ...bytesOf(name),
    ...number(content.length, 4),
    ...content,
    ...(content.length % 2 === 1 ? [0] : []),
  ];
  const chunks = Array.from(webp.subarray(12));
  if (String.fromCharCode(...chunks.slice(0, 4)) === 'VP8X') chunks[8]! |= 0x08;
  else
    chunks.unshift(
      ...chunk('VP8X', [8, 0, 0, 0, ...number(size.width - 1, 3), ...number(size.height - 1, 3)]),
    );
  const body = [...bytesOf('WEBP'), ...chunks, ...chunk('EXIF', exif)];
  return Uint8Array.from([...bytesOf('RIFF'), ...number(body.length, 4), ...body]);
}
