import { imageSize } from 'image-size';
import { columnsTo, type DecodedImage, rowsTo } from '../resize.ts';
import { withEnd } from './mend-end.ts';
import { type Orientation, withoutOrientation } from './orientation.ts';
import { imageType } from './signature.ts';

/** A decoded picture, as it lies in the file, its colours in sRGB. */
export interface OpenPicture {
  readonly width: number;
  readonly height: number;
  /** The pixels of a part of it. */
  read(left: number, top: number, width: number, height: number): DecodedImage;
  /** Frees its memory. */
  close(): void;
}

/** Rejects when the device cannot decode it. */
export type OpenImage = (bytes: Uint8Array) => Promise<OpenPicture>;

/** A picture as a model of one side takes it. */
export interface ReducedPicture {
  /** RGB, (side, side, 3). */
  readonly pixels: Uint8Array;
  /** Shorter side of the picture that it is of. */
  readonly shorterSide: number;
}

/** What is wrong with a picture, said of the file: "cannot be decoded: ...". */
export class PictureRefusal extends Error {
  readonly kind: 'broken' | 'unsupported' | 'too-large';

  constructor(kind: PictureRefusal['kind'], message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

export interface ReduceOptions {
  readonly side: number;
  readonly open: OpenImage;
  /** Width times height at most. */
  readonly mostPixels: number;
}

/** Read at a time, in pixels: the square of a photo of a hundred million has 400 MB. */
const bandPixels = 2 ** 22;

/**
 * An encoded picture as (side, side, 3) bytes: upright by its metadata, in sRGB, its centred square cut out, on white,
 * then resized by an antialiased triangle filter. `examples/python/load_strata.py` does the same with Pillow.
 *
 * @throws PictureRefusal.
 */
export async function reducePicture(
  bytes: Uint8Array,
  { side, open, mostPixels }: ReduceOptions,
): Promise<ReducedPicture> {
  checkSize(announcedSize(bytes), mostPixels);
  const { orientation, bytes: untold } = withoutOrientation(bytes);
  const square = async (file: Uint8Array): Promise<ReducedPicture> => {
    const picture = await opened(file, open);
    try {
      checkSize(picture, mostPixels);
      return reduceSquare(picture, orientation, side);
    } finally {
      picture.close();
    }
  };
  const mended = withEnd(untold);
  if (mended === undefined) return square(untold);
  const reduced = await square(mended.bytes);
  if (mended.proof !== undefined) {
    const { pixels } = await square(mended.proof);
    if (pixels.some((value, i) => value !== reduced.pixels[i])) {
      throw new PictureRefusal('broken', 'cannot be decoded: it was not copied to its end');
    }
  }
  return reduced;
}

async function opened(bytes: Uint8Array, open: OpenImage): Promise<OpenPicture> {
  try {
    return await open(bytes);
  } catch (error) {
    const type = imageType(bytes);
    switch (type) {
      case undefined:
        throw new PictureRefusal('unsupported', 'is not a picture', error);
      case 'PNG':
      case 'JPEG':
      case 'GIF':
      case 'BMP':
      case 'WebP':
      case 'AVIF':
      case 'ICO': {
        const reason = error instanceof Error ? error.message : String(error);
        throw new PictureRefusal('broken', `cannot be decoded: ${reason}`, error);
      }
      case 'HEIC':
      case 'TIFF':
      case 'JPEG XL':
      case 'JPEG 2000':
      case 'PSD':
      case 'SVG':
        throw new PictureRefusal(
          'unsupported',
          `is a ${type} picture, which this browser cannot decode: save it as JPEG or PNG`,
          error,
        );
      default:
        return type satisfies never;
    }
  }
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Width and height from the first bytes: a few kilobytes may announce more pixels than the device has memory. */
function announcedSize(bytes: Uint8Array): Size | null {
  try {
    return imageSize(bytes);
  } catch {
    return null; // the decoder says what is wrong with it
  }
}

function checkSize(size: Size | null, mostPixels: number): void {
  if (size === null || size.width * size.height <= mostPixels) return;
  const most = mostPixels >= 1e6 ? `${mostPixels / 1e6} million` : mostPixels;
  throw new PictureRefusal(
    'too-large',
    `is ${size.width}x${size.height} pixels large; at most ${most} pixels are read`,
  );
}

/** Which way the columns and rows of a file run in the upright picture. */
const turns: Readonly<
  Record<Orientation, { readonly sideways: boolean; readonly mirrorX: boolean; readonly mirrorY: boolean }>
> = {
  1: { sideways: false, mirrorX: false, mirrorY: false },
  2: { sideways: false, mirrorX: true, mirrorY: false },
  3: { sideways: false, mirrorX: true, mirrorY: true },
  4: { sideways: false, mirrorX: false, mirrorY: true },
  5: { sideways: true, mirrorX: false, mirrorY: false },
  6: { sideways: true, mirrorX: false, mirrorY: true },
  7: { sideways: true, mirrorX: true, mirrorY: true },
  8: { sideways: true, mirrorX: true, mirrorY: false },
};

/** The centred square of the upright picture, which is cut before anything is shrunk: a panorama keeps its pixels. */
function reduceSquare(picture: OpenPicture, orientation: Orientation, side: number): ReducedPicture {
  const { width, height } = picture;
  const { mirrorX, mirrorY } = turns[orientation];
  const square = Math.min(width, height);
  // Where the middle falls between two pixels, the square begins at the earlier one of the upright picture.
  const begin = (room: number, mirrored: boolean) => (mirrored ? Math.ceil(room / 2) : Math.floor(room / 2));
  const left = begin(width - square, mirrorX);
  const top = begin(height - square, mirrorY);
  const narrow = new Float32Array(square * side * 3); // (square, side, 3)
  const rows = Math.max(1, Math.floor(bandPixels / square));
  for (let y = 0; y < square; y += rows) {
    const band = picture.read(left, top + y, square, Math.min(rows, square - y));
    rowsTo(band, side, narrow, y);
  }
  const lying = new Uint8Array(side * side * 3);
  columnsTo(narrow, square, side, lying, 0);
  return { pixels: turned(lying, orientation, side), shorterSide: square };
}

/** A square, (side, side, 3), stood upright. */
function turned(lying: Uint8Array, orientation: Orientation, side: number): Uint8Array {
  if (orientation === 1) return lying;
  const { sideways, mirrorX, mirrorY } = turns[orientation];
  const out = new Uint8Array(lying.length);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const [along, down] = sideways ? [y, x] : [x, y];
      const column = mirrorX ? side - 1 - along : along;
      const row = mirrorY ? side - 1 - down : down;
      const from = 3 * (row * side + column);
      out.set(lying.subarray(from, from + 3), 3 * (y * side + x));
    }
  }
  return out;
}
