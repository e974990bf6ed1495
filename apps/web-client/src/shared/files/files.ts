import { StrataError } from '@strata/fl-core/protocol';
import type { LocalFile } from '../../client/index.ts';

/** More files than anybody drops on purpose; a home folder dropped by mistake must not freeze the page. */
const maxFiles = 50_000;

/** The files of a file input; in a folder input every file knows its path. */
export function filesOfInput(list: FileList): LocalFile[] {
  return Array.from(list, (file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/**
 * The files of a drop, folders walked through. Must be called in the drop event itself: its items expire.
 * @throws StrataError `too-large` beyond {@link maxFiles}.
 */
export async function filesOfDrop(transfer: DataTransfer): Promise<LocalFile[]> {
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry()).filter((e) => e !== null);
  const found: LocalFile[] = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

async function walk(entry: FileSystemEntry, found: LocalFile[]): Promise<void> {
  if (isFile(entry)) {
    if (found.length >= maxFiles) {
      throw new StrataError(
        'too-large',
        `This folder holds more than ${maxFiles.toLocaleString('en')} files.`,
        'Drop the folder with your data alone.',
      );
    }
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    found.push({ path: entry.fullPath.replace(/^\//, ''), file });
  } else if (isFolder(entry)) {
    const reader = entry.createReader();
    for (;;) {
      // A folder is read in pieces; an empty piece is its end.
      const piece = await new Promise<FileSystemEntry[]>((resolve, reject) =>
        reader.readEntries(resolve, reject),
      );
      if (piece.length === 0) break;
      for (const child of piece) await walk(child, found);
    }
  }
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;
