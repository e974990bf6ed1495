import { crc32 } from '../archive/crc32.ts';
import { imageType } from './signature.ts';

/**
 * How a picture must be turned to stand upright: 1 to 8 as in EXIF. 2 to 4 are mirrored or upside down, 5 to 8 lie on
 * their side.
 */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

export interface Untold {
  readonly orientation: Orientation;
  /** The file with "as it is" in the place of the orientation: whoever decodes it does not turn it. */
  readonly bytes: Uint8Array;
}

/**
 * Takes the EXIF orientation out of a JPEG, PNG or WebP, so that it can be honoured in one way for all formats and
 * browsers: Chromium turns JPEG and PNG, never WebP, and `imageOrientation: 'none'` means different things. AVIF and
 * HEIC say it by boxes of their own, which every decoder heeds.
 */
export function withoutOrientation(bytes: Uint8Array): Untold {
  const block = exifOf(bytes);
  const value = block === undefined ? undefined : orientationTag(bytes, block);
  if (block === undefined || value === undefined) return { orientation: 1, bytes };
  const told = read16(bytes, value.at, value.little);
  if (!isTurned(told)) return { orientation: 1, bytes };
  const copy = bytes.slice();
  new DataView(copy.buffer).setUint16(value.at, 1, value.little);
  if (block.checksum !== undefined) {
    const { from, to } = block.checksum;
    new DataView(copy.buffer).setUint32(to, crc32(copy.subarray(from, to)));
  }
  return { orientation: told, bytes: copy };
}

const isTurned = (value: number): value is Orientation => value >= 2 && value <= 8;

/** Where the TIFF structure of an EXIF block begins and ends. */
interface Block {
  readonly start: number;
  readonly end: number;
  /** Of a PNG: what its chunk's checksum is of; it stands at `to`. */
  readonly checksum?: { readonly from: number; readonly to: number };
}

function exifOf(bytes: Uint8Array): Block | undefined {
  switch (imageType(bytes)) {
    case 'JPEG':
      return inJpeg(bytes);
    case 'PNG':
      return inPng(bytes);
    case 'WebP':
      return inWebp(bytes);
    default:
      return undefined;
  }
}

const read16 = (bytes: Uint8Array, at: number, little: boolean): number =>
  little ? (bytes[at + 1]! << 8) | bytes[at]! : (bytes[at]! << 8) | bytes[at + 1]!;

const read32 = (bytes: Uint8Array, at: number, little = false): number =>
  (little
    ? read16(bytes, at + 2, true) * 0x10000 + read16(bytes, at, true)
    : read16(bytes, at, false) * 0x10000 + read16(bytes, at + 2, false)) >>> 0;

const textAt = (bytes: Uint8Array, at: number, length: number): string =>
  String.fromCharCode(...bytes.subarray(at, at + length));

const exifHeader = 'Exif\0\0';

function inJpeg(bytes: Uint8Array): Block | undefined {
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at += 1; // a marker may be filled up
      continue;
    }
    if (marker === 0xda || marker === 0xd9) return undefined;
    const end = at + 2 + read16(bytes, at + 2, false);
    if (marker === 0xe1 && textAt(bytes, at + 4, exifHeader.length) === exifHeader) {
      return { start: at + 4 + exifHeader.length, end: Math.min(end, bytes.length) };
    }
    at = end;
  }
  return undefined;
}

function inPng(bytes: Uint8Array): Block | undefined {
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = read32(bytes, at);
    const name = textAt(bytes, at + 4, 4);
    const end = at + 8 + length;
    if (name === 'eXIf' && end + 4 <= bytes.length) {
      return { start: withoutHeader(bytes, at + 8), end, checksum: { from: at + 4, to: end } };
    }
    if (name === 'IEND') return undefined;
    at = end + 4;
  }
  return undefined;
}

function inWebp(bytes: Uint8Array): Block | undefined {
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = read32(bytes, at + 4, true);
    if (textAt(bytes, at, 4) === 'EXIF') {
      const end = Math.min(at + 8 + length, bytes.length);
      return { start: withoutHeader(bytes, at + 8), end };
    }
    at += 8 + length + (length % 2);
  }
  return undefined;
}

/** Some writers put JPEG's header before the structure in other formats, too. */
const withoutHeader = (bytes: Uint8Array, at: number): number =>
  textAt(bytes, at, exifHeader.length) === exifHeader ? at + exifHeader.length : at;

/** The value of tag 0x0112 of the first directory, where it is a short integer. */
function orientationTag(
  bytes: Uint8Array,
  { start, end }: Block,
): { readonly at: number; readonly little: boolean } | undefined {
  const order = textAt(bytes, start, 4);
  const little = order === 'II*\0';
  if (!little && order !== 'MM\0*') return undefined;
  const directory = start + read32(bytes, start + 4, little);
  if (directory + 2 > end) return undefined;
  const count = read16(bytes, directory, little);
  for (let i = 0; i < count; i++) {
    const entry = directory + 2 + 12 * i;
    if (entry + 12 > end) return undefined;
    if (read16(bytes, entry, little) !== 0x0112) continue;
    return read16(bytes, entry + 2, little) === 3 ? { at: entry + 8, little } : undefined;
  }
  return undefined;
}
