import { withoutClutter } from '../clutter.ts';
import type { ImageDataset } from '../datasets/index.ts';
import { Duplicates } from '../duplicates.ts';
import { type LabelMapping, readLabels } from '../labels.ts';
import { type LeftOut, ProblemList, type Reason } from '../problems.ts';
import { mebibytes, type SourceFile } from '../source-file.ts';
import { type FolderLabel, folderLabels, folderSplit } from './folder-labels.ts';
import { isTable, readLabelTables } from './label-table.ts';
import { PictureRefusal, type ReducedPicture } from './reduce.ts';

export interface ImageFolderOptions {
  /** The run's labels. */
  readonly labels: readonly string[];
  /** Side of the square pictures the model takes, in pixels. */
  readonly side: number;
  /** {@link reducePicture} with what the device decodes by. Rejects with {@link PictureRefusal}. */
  readonly reduce: (bytes: Uint8Array, side: number, mostPixels: number) => Promise<ReducedPicture>;
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

/** What a person may want to know of pictures that are used. */
export interface PictureNotes {
  /** Pictures with a side shorter than the model's, and the shortest of those sides; null when there are none. */
  readonly enlarged: { readonly count: number; readonly shortest: number; readonly side: number } | null;
  /** Folders of a split (`val`, `test`) whose pictures are held out. */
  readonly heldOutFolders: readonly string[];
  /** Tables that said what is on the pictures. */
  readonly labelTables: readonly string[];
}

export interface ImageFolder extends LeftOut {
  /** With `heldOut` where the folders keep pictures aside. */
  readonly dataset: ImageDataset;
  readonly notes: PictureNotes;
}

/**
 * Reads pictures by label: what a table beside them says ({@link readLabelTables}), else what their folders say
 * ({@link folderLabels}). Files are read, decoded and reduced one at a time, so that memory holds one whole picture.
 *
 * Nothing is thrown for a bad file: each that is left out is in `problems` with the reason, folders of no known
 * meaning are in `unknown` (pictures in no folder under the empty name). A second copy of a picture is left
 * out. What `onProgress` throws ends the reading.
 */
export async function readImageFolder(
  files: readonly SourceFile[],
  { labels, side, reduce, digest, mapping, limits, onProgress }: ImageFolderOptions,
): Promise<ImageFolder> {
  const limit = { ...imageFolderLimits, ...limits };
  const problems = new ProblemList();
  const duplicates = new Duplicates('picture');
  const present = withoutClutter(files, labels);
  const paths = present.filter((file) => !isTable(file)).map(({ path }) => path);
  const tables = await readLabelTables(present, paths, labels);
  for (const problem of tables.problems) problems.add(problem);
  const wanted = present.filter(({ path }) => !tables.used.includes(path));
  const labelOf = pictureLabels(paths, { labels, mapping, tables });
  const split = folderSplit(paths, labels);
  const kept = new KeptPictures(side);
  const readPicture = async (file: SourceFile, label: number): Promise<ReducedPicture | Reason> => {
    const bytes = await readBytes(file, limit);
    if ('reason' in bytes) return bytes;
    const copy = duplicates.check(await digest(bytes), `"${file.path}"`, `the label "${labels[label]}"`);
    return copy ?? refusable(() => reduce(bytes, side, limit.pixels));
  };
  const read = async (file: SourceFile): Promise<void> => {
    const label = labelOf(file.path);
    switch (label.kind) {
      case 'left-out':
        return;
      case 'unknown':
        return problems.addUnknown(label.name, { file: file.path }, 1, label.within);
      case 'unlisted':
        return problems.add({ file: file.path, kind: 'unknown-label', reason: unlisted });
      case 'label': {
        const picture = await readPicture(file, label.label);
        if ('reason' in picture) return problems.add({ file: file.path, ...picture });
        return kept.add(picture, label.label, split.heldOut(file.path));
      }
      default:
        return label satisfies never;
    }
  };
  for (const [i, file] of wanted.slice(0, limit.files).entries()) {
    await read(file);
    onProgress?.(i + 1, wanted.length);
  }
  for (const file of wanted.slice(limit.files)) {
    problems.add({ file: file.path, kind: 'too-many', reason: `more than ${limit.files} files were given` });
  }
  const notes = {
    enlarged: kept.enlarged,
    heldOutFolders: kept.heldOut ? split.folders : [],
    labelTables: tables.used,
  };
  return { dataset: kept.dataset(), notes, ...problems };
}

const unlisted = 'is in no table of labels, and in no folder that is named like a label';

interface Sayings {
  readonly labels: readonly string[];
  readonly mapping: LabelMapping | undefined;
  readonly tables: { readonly used: readonly string[]; readonly labels: ReadonlyMap<string, string> };
}

/** What tables and folders say of a picture; where a table lists pictures, nobody is asked about those that it lacks. */
function pictureLabels(
  paths: readonly string[],
  { labels, mapping, tables }: Sayings,
): (path: string) => FolderLabel | { readonly kind: 'unlisted' } {
  const byFolder = folderLabels(paths, labels, mapping);
  const meaning = readLabels(labels, mapping);
  return (path) => {
    const said = tables.labels.get(path);
    if (said === undefined) {
      const label = byFolder(path);
      return label.kind === 'unknown' && tables.used.length > 0 ? { kind: 'unlisted' } : label;
    }
    const meant = meaning(said);
    if (meant === undefined) return { kind: 'unknown', name: said };
    return meant === 'left-out' ? { kind: 'left-out' } : { kind: 'label', label: meant };
  };
}

/** Pictures as they come, made into a dataset at the end. */
class KeptPictures {
  readonly #side: number;
  readonly #pictures: Uint8Array[] = [];
  readonly #labels: number[] = [];
  readonly #heldOut: number[] = [];
  #enlarged = 0;
  #shortest = Number.POSITIVE_INFINITY;

  constructor(side: number) {
    this.#side = side;
  }

  add({ pixels, shorterSide }: ReducedPicture, label: number, heldOut: boolean): void {
    this.#pictures.push(pixels);
    this.#labels.push(label);
    this.#heldOut.push(heldOut ? 1 : 0);
    if (shorterSide >= this.#side) return;
    this.#enlarged += 1;
    this.#shortest = Math.min(this.#shortest, shorterSide);
  }

  get enlarged(): PictureNotes['enlarged'] {
    if (this.#enlarged === 0) return null;
    return { count: this.#enlarged, shortest: this.#shortest, side: this.#side };
  }

  get heldOut(): boolean {
    return this.#heldOut.includes(1);
  }

  dataset(): ImageDataset {
    const side = this.#side;
    const stride = side * side * 3;
    const pixels = new Uint8Array(this.#pictures.length * stride); // (N, side, side, 3)
    this.#pictures.forEach((picture, i) => {
      pixels.set(picture, i * stride);
    });
    return {
      kind: 'image',
      side,
      pixels,
      labels: Int32Array.from(this.#labels),
      ...(this.heldOut ? { heldOut: Uint8Array.from(this.#heldOut) } : {}),
    };
  }
}

/** The bytes of a file of bearable size that may be a picture, or why not. */
async function readBytes(file: SourceFile, limit: ImageFolderLimits): Promise<Uint8Array | Reason> {
  if (file.size === 0) return { kind: 'empty', reason: 'is empty' };
  if (file.size > limit.bytes) {
    return { kind: 'too-large', reason: `is larger than ${mebibytes(limit.bytes)}` };
  }
  try {
    return await file.read();
  } catch (error) {
    return { kind: 'broken', reason: `cannot be read: ${messageOf(error)}` };
  }
}

async function refusable(work: () => Promise<ReducedPicture>): Promise<ReducedPicture | Reason> {
  try {
    return await work();
  } catch (error) {
    const kind = error instanceof PictureRefusal ? error.kind : 'broken';
    return { kind, reason: messageOf(error) };
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
