import { withoutClutter } from '../clutter.ts';
import { type LeftOut, ProblemList, type Reason } from '../problems.ts';
import { mebibytes, type SourceFile } from '../source-file.ts';
import { type Entry, readDirectory, SplitArchive } from './directory.ts';
import { readEntryBytes } from './read-entry.ts';

export interface ArchiveLimits {
  /** Of one archive as it is, in bytes. */
  readonly archiveBytes: number;
  /** Of all files of one archive when unpacked, in bytes. */
  readonly unpackedBytes: number;
  /** Entries of one archive, folders and clutter counted. */
  readonly entries: number;
}

export const archiveLimits: ArchiveLimits = {
  archiveBytes: 512 * 2 ** 20,
  unpackedBytes: 2 * 2 ** 30,
  entries: 50_000,
};

export interface Unpacked extends LeftOut {
  /** Everything that is no archive, as it was given, and the files of the archives in their place. */
  readonly files: readonly SourceFile[];
}

/** Archives of other kinds, by their endings. */
const foreign = /\.(rar|7z|tar|tgz|gz|bz2|xz|zst|cab|lzh)$/i;

const isArchive = ({ path }: Pick<SourceFile, 'path'>) => /\.zip$/i.test(path);

/**
 * Puts the files of ZIP archives in the place of the archives. An archive counts as a folder of its own name,
 * so that `cat.zip` holds pictures of the label "cat". Its files are unpacked, and held against their checksums,
 * when they are read; an archive inside an archive is not opened.
 *
 * Nothing is thrown for a bad archive: each that is left out is in `problems` with the reason. Paths are names
 * here and nothing is written to them; `..` in them is dropped.
 */
export async function unpackArchives(
  files: readonly SourceFile[],
  limits: Partial<ArchiveLimits> = {},
): Promise<Unpacked> {
  const limit = { ...archiveLimits, ...limits };
  const problems = new ProblemList();
  const found: SourceFile[] = [];
  const meant = new Set(withoutClutter(files));
  for (const file of files) {
    if (foreign.test(file.path) && meant.has(file)) {
      problems.add({ file: file.path, kind: 'unsupported', reason: 'is no ZIP archive: make one of it' });
      continue;
    }
    if (!isArchive(file) || !meant.has(file)) {
      found.push(file);
      continue;
    }
    try {
      const entries = await openArchive(file, limit);
      const inner = new Set(withoutClutter(entries).filter(isArchive));
      for (const entry of entries) {
        if (!inner.has(entry)) found.push(entry);
        else {
          const reason = 'is an archive inside an archive: unpack it first';
          problems.add({ file: entry.path, kind: 'unsupported', reason });
        }
      }
    } catch (error) {
      problems.add({ file: file.path, ...refusalOf(error) });
    }
  }
  return { files: found, ...problems };
}

function refusalOf(error: unknown): Reason {
  if (error instanceof Refusal) return { kind: error.kind, reason: error.message };
  if (error instanceof SplitArchive) {
    return { kind: 'unsupported', reason: 'is one part of several: make one archive of all' };
  }
  return { kind: 'broken', reason: 'is damaged or was not copied whole: make the archive again' };
}

class Refusal extends Error {
  readonly kind: 'too-large' | 'too-many' | 'empty';

  constructor(kind: Refusal['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

async function openArchive(file: SourceFile, limit: ArchiveLimits): Promise<SourceFile[]> {
  if (file.size === 0) throw new Refusal('empty', 'is empty');
  if (file.size > limit.archiveBytes) {
    throw new Refusal('too-large', `is larger than ${mebibytes(limit.archiveBytes)}: use several archives`);
  }
  const bytes = await file.read();
  const entries = readDirectory(bytes, within(limit));
  const folder = file.path.replace(/\.zip$/i, '');
  return entries
    .filter(({ name }) => !/[/\\]$/.test(name))
    .map((entry) => ({
      path: joinPath(folder, entry.name),
      size: entry.size,
      read: async () => readEntryBytes(bytes, entry),
    }));
}

/** Counts entries as they are found: an archive may claim to have thousands of millions. */
function within(limit: ArchiveLimits): (entry: Entry) => void {
  let entries = 0;
  let unpacked = 0;
  return ({ size }) => {
    entries += 1;
    unpacked += size;
    if (entries > limit.entries) {
      throw new Refusal('too-many', `has more than ${limit.entries} files: use several archives`);
    }
    if (unpacked > limit.unpackedBytes) {
      throw new Refusal('too-large', `holds more than ${mebibytes(limit.unpackedBytes)} when unpacked`);
    }
  };
}

/** The folder of the archive and the path in it; archives made on Windows may have `\`. */
function joinPath(folder: string, name: string): string {
  const steps = name.split(/[/\\]/).filter((step) => step !== '' && step !== '.' && step !== '..');
  return [folder, ...steps].join('/');
}
