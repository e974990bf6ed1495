import { imageSize } from 'image-size';
import type { ImageDataset } from './datasets/index.ts';
import { Duplicates } from './duplicates.ts';
import { imageType } from './image-signature.ts';
import { type LabelMapping, matchLabels } from './labels.ts';
import type { DecodeImage } from './load-sample.ts';
import { type LeftOut, ProblemList, type Reason } from './problems.ts';
import { centreSquare, resizeRegion, wholeImage } from './resize.ts';
import { isClutter, mebibytes, type SourceFile } from './source-file.ts';

export interface ImageFolderOptions {
  /** The run's labels. */
  readonly labels: readonly string[];
  /** Side of the square pictures the model takes, in pixels. */
  readonly side: number;
  readonly decodeImage: DecodeImage;
  /** A digest of a file's bytes; files with equal digests are the same picture. */
  readonly digest: (bytes: Uint8Array) => Promise<string>;
  /** What folders that are none of the run's labels mean. */
  readonly mapping?: LabelMapping;
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

/**
 * Reads pictures by label: the label of a picture is the nearest folder above it that is named like one of the
 * run's labels, else what `mapping` says that its own folder means. Files are read, decoded and reduced one at
 * a time, so that memory holds one whole picture.
 *
 * Nothing is thrown for a bad file: each that is left out is in `problems` with the reason, folders of no known
 * meaning are in `unknown` (pictures in no folder under the empty name). A second copy of a picture is left
 * out. What `onProgress` throws ends the reading.
 */
export async function readImageFolder(
  files: readonly SourceFile[],
  { labels, side, decodeImage, digest, mapping, limits, onProgress }: ImageFolderOptions,
): Promise<ImageFolder> {
  const limit = { ...imageFolderLimits, ...limits };
  const problems = new ProblemList();
  const duplicates = new Duplicates('picture');
  const wanted = files.filter((file) => !isClutter(file));
  const labelOf = folderLabel(labels, mapping);
  const pictures: Uint8Array[] = [];
  const indices: number[] = [];
  const readPicture = async (file: SourceFile, label: number): Promise<Uint8Array | Reason> => {
    const bytes = await readBytes(file, limit);
    if ('reason' in bytes) return bytes;
    const copy = duplicates.check(await digest(bytes), `"${file.path}"`, `the label "${labels[label]}"`);
    return copy ?? reducePicture(bytes, side, decodeImage);
  };
  const read = async (file: SourceFile): Promise<void> => {
    const label = labelOf(file.path);
    if (label === 'left-out') return;
    if (typeof label !== 'number') return problems.addUnknown(label.unknown, { file: file.path });
    const picture = await readPicture(file, label);
    if ('reason' in picture) return problems.add({ file: file.path, ...picture });
    pictures.push(picture);
    indices.push(label);
  };
  for (const [i, file] of wanted.slice(0, limit.files).entries()) {
    await read(file);
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

/** What the folders of a path mean, or the name of its own folder when nobody knows. */
function folderLabel(
  labels: readonly string[],
  mapping: LabelMapping | undefined,
): (path: string) => number | 'left-out' | { readonly unknown: string } {
  const match = matchLabels(labels);
  return (path) => {
    const folders = path.split('/').slice(0, -1).reverse();
    const found = folders.map(match).find((index) => index !== undefined);
    if (found !== undefined) return found;
    const [own = ''] = folders;
    const meant = mapping?.get(own);
    if (meant === null) return 'left-out';
    return (meant === undefined ? undefined : match(meant)) ?? { unknown: own };
  };
}

/** The bytes of a file that looks like a picture of bearable size, or why not. */
async function readBytes(file: SourceFile, limit: ImageFolderLimits): Promise<Uint8Array | Reason> {
  if (file.size === 0) return { kind: 'empty', reason: 'is empty' };
  if (file.size > limit.bytes) {
    return { kind: 'too-large', reason: `is larger than ${mebibytes(limit.bytes)}` };
  }
  try {
    const bytes = await file.read();
    if (imageType(bytes) === undefined) {
      return { kind: 'unsupported', reason: 'is not a PNG, JPEG, GIF, BMP, WebP or AVIF picture' };
    }
    const size = announcedSize(bytes);
    if (size !== null && size.width * size.height > limit.pixels) {
      return { kind: 'too-large', reason: `is ${size.width}x${size.height} pixels large` };
    }
    return bytes;
  } catch (error) {
    return { kind: 'broken', reason: `cannot be read: ${messageOf(error)}` };
  }
}

/** Width and height from the first bytes: a few kilobytes may announce more pixels than the device has memory. */
function announcedSize(bytes: Uint8Array): { readonly width: number; readonly height: number } | null {
  try {
    return imageSize(bytes);
  } catch {
    return null; // the decoder says what is wrong with it
  }
}

/** One picture as (side, side, 3) bytes, or why not. */
async function reducePicture(
  bytes: Uint8Array,
  side: number,
  decodeImage: DecodeImage,
): Promise<Uint8Array | Reason> {
  try {
    const image = await decodeImage(bytes);
    const out = new Uint8Array(side * side * 3);
    resizeRegion(centreSquare(wholeImage(image)), side, out);
    return out;
  } catch (error) {
    return { kind: 'broken', reason: `cannot be decoded: ${messageOf(error)}` };
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
