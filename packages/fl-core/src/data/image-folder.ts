import type { ImageDataset } from './dataset.ts';
import { imageType } from './image-signature.ts';
import { listLabels, matchLabels } from './labels.ts';
import type { DecodeImage } from './load-sample.ts';
import { type LeftOut, ProblemList, type Reason } from './problems.ts';
import { centreSquare, resizeRegion, wholeImage } from './resize.ts';

/** A file that has not been read yet. */
export interface SourceFile {
  /** With the folders it was found in, separated by `/`. */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  readonly read: () => Promise<Uint8Array>;
}

export interface ImageFolderOptions {
  /** The run's labels. */
  readonly labels: readonly string[];
  /** Side of the square pictures the model takes, in pixels. */
  readonly side: number;
  readonly decodeImage: DecodeImage;
  readonly limits?: Partial<ImageFolderLimits>;
  /** Called after every file. */
  readonly onProgress?: (done: number, files: number) => void;
}

export interface ImageFolderLimits {
  readonly files: number;
  /** Of one file. */
  readonly bytes: number;
  /** Width times height of one picture. */
  readonly pixels: number;
}

export const imageFolderLimits: ImageFolderLimits = {
  files: 20_000,
  bytes: 32 * 2 ** 20,
  pixels: 100_000_000,
};

export interface ImageFolder extends LeftOut {
  readonly dataset: ImageDataset;
}

/** What operating systems and archives leave in folders: passed over, as nobody means them as data. */
const clutter = /(^|\/)(\.[^/]*|Thumbs\.db|desktop\.ini|__MACOSX\/.*)$/i;

/**
 * Reads pictures by label: the label of a picture is the nearest folder above it that is named like one of the
 * run's labels. Files are read, decoded and reduced one at a time, so that memory holds one whole picture.
 *
 * Nothing is thrown for a bad file: each that is left out is in `problems` with the reason. What `onProgress`
 * throws ends the reading.
 */
export async function readImageFolder(
  files: readonly SourceFile[],
  { labels, side, decodeImage, limits, onProgress }: ImageFolderOptions,
): Promise<ImageFolder> {
  const limit = { ...imageFolderLimits, ...limits };
  const problems = new ProblemList();
  const wanted = files.filter((file) => !clutter.test(file.path));
  const labelOf = folderLabel(labels);
  const pictures: Uint8Array[] = [];
  const indices: number[] = [];
  for (const [i, file] of wanted.slice(0, limit.files).entries()) {
    const label = labelOf(file.path);
    const picture = typeof label === 'number' ? await readPicture(file, side, decodeImage, limit) : label;
    if ('reason' in picture) {
      problems.add({ file: file.path, ...picture });
    } else if (typeof label === 'number') {
      pictures.push(picture);
      indices.push(label);
    }
    onProgress?.(i + 1, wanted.length);
  }
  for (const file of wanted.slice(limit.files)) {
    problems.add({ file: file.path, kind: 'too-many', reason: `more than ${limit.files} files were given` });
  }
  const stride = side * side * 3;
  const pixels = new Uint8Array(pictures.length * stride); // (N, side, side, 3)
  pictures.forEach((picture, i) => {
    pixels.set(picture, i * stride);
  });
  return { dataset: { kind: 'image', side, pixels, labels: Int32Array.from(indices) }, ...problems };
}

/** The class of a path, or why it has none. */
function folderLabel(labels: readonly string[]): (path: string) => number | Reason {
  const match = matchLabels(labels);
  return (path) => {
    const folders = path.split('/').slice(0, -1).reverse();
    const found = folders.map(match).find((index) => index !== undefined);
    if (found !== undefined) return found;
    const known = `this run's labels: ${listLabels(labels)}`;
    const reason = folders[0]
      ? `its folder "${folders[0]}" is none of ${known}`
      : `is in no folder named by ${known}`;
    return { kind: 'unknown-label', reason };
  };
}

/** One picture as (side, side, 3) bytes, or why not. */
async function readPicture(
  file: SourceFile,
  side: number,
  decodeImage: DecodeImage,
  limit: ImageFolderLimits,
): Promise<Uint8Array | Reason> {
  if (file.size === 0) return { kind: 'empty', reason: 'is empty' };
  if (file.size > limit.bytes) {
    return { kind: 'too-large', reason: `is larger than ${Math.floor(limit.bytes / 2 ** 20)} MiB` };
  }
  try {
    const bytes = await file.read();
    if (imageType(bytes) === undefined) {
      return { kind: 'unsupported', reason: 'is not a PNG, JPEG, GIF, BMP, WebP or AVIF picture' };
    }
    const image = await decodeImage(bytes);
    if (image.width * image.height > limit.pixels) {
      return { kind: 'too-large', reason: `is ${image.width}x${image.height} pixels large` };
    }
    const out = new Uint8Array(side * side * 3);
    resizeRegion(centreSquare(wholeImage(image)), side, out);
    return out;
  } catch (error) {
    return { kind: 'broken', reason: `cannot be decoded: ${error instanceof Error ? error.message : error}` };
  }
}
