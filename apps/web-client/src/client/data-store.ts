import type { Keeping, KeptData } from '@strata/client/session';
import type { Dataset } from '@strata/fl-core/data';
import { aboutPrepared, decodePrepared, encodePrepared, mostHeaderBytes } from './prepared-file.ts';

const folderName = 'strata-data';
const fileName = (key: string) => `${key}.prepared`;

/** Data of at most this many runs is kept: the oldest goes first. */
const mostRuns = 4;

/**
 * Prepared data on this device, one file a run, in the private file system of this origin (OPFS): it never
 * leaves the device (C5). Nothing here throws for want of storage; then nothing is kept.
 */
export class DataStore implements KeptData {
  readonly #root: () => Promise<FileSystemDirectoryHandle>;
  /** One write at a time: a file that is being written cannot be opened again. */
  #writing: Promise<unknown> = Promise.resolve();

  /** @param root the origin's private folder; rejects where the browser has none for this page. */
  constructor(root: () => Promise<FileSystemDirectoryHandle> = () => navigator.storage.getDirectory()) {
    this.#root = root;
  }

  /** Keeps `dataset` in place of what the key had; of several calls the last one stays. */
  keep(key: string, dataset: Dataset, client: string): Promise<Keeping> {
    const kept = this.#writing.then(() => this.#keep(key, dataset, client));
    this.#writing = kept;
    return kept;
  }

  async #keep(key: string, dataset: Dataset, client: string): Promise<Keeping> {
    const folder = await this.#folder();
    if (folder === null) return 'unavailable';
    try {
      await this.#makeRoom(folder, key);
      const file = await folder.getFileHandle(fileName(key), { create: true });
      await writeAll(file, encodePrepared(dataset, client));
      return 'kept';
    } catch (error) {
      await folder.removeEntry(fileName(key)).catch(() => {});
      return error instanceof Error && error.name === 'QuotaExceededError' ? 'no-room' : 'unavailable';
    }
  }

  /**
   * @param classes of the run.
   * @param client absent: whoever's data it is.
   * @returns null when nothing usable is kept under the key, or another client's.
   */
  async load(key: string, classes: number, client?: string): Promise<Dataset | null> {
    const file = await this.#file(key);
    if (file === null) return null;
    try {
      const bytes = new Uint8Array(await file.arrayBuffer());
      if (client !== undefined && aboutPrepared(bytes)?.client !== client) return null;
      return decodePrepared(bytes, classes);
    } catch {
      return null;
    }
  }

  /** What is kept under the key, without reading all of it. */
  async find(key: string): Promise<{ readonly samples: number; readonly bytes: number } | null> {
    const file = await this.#file(key);
    if (file === null) return null;
    const about = aboutPrepared(new Uint8Array(await file.slice(0, mostHeaderBytes).arrayBuffer()));
    return about === null || about.samples === 0 ? null : { samples: about.samples, bytes: file.size };
  }

  /** Of everything kept, in bytes. */
  async size(): Promise<number> {
    const folder = await this.#folder();
    if (folder === null) return 0;
    return (await filesIn(folder)).reduce((sum, { file }) => sum + file.size, 0);
  }

  async clear(): Promise<void> {
    try {
      await (await this.#root()).removeEntry(folderName, { recursive: true });
    } catch {
      return; // there is none
    }
  }

  async #folder(): Promise<FileSystemDirectoryHandle | null> {
    try {
      return await (await this.#root()).getDirectoryHandle(folderName, { create: true });
    } catch {
      return null;
    }
  }

  async #file(key: string): Promise<File | null> {
    try {
      const folder = await this.#folder();
      return (await (await folder?.getFileHandle(fileName(key)))?.getFile()) ?? null;
    } catch {
      return null;
    }
  }

  async #makeRoom(folder: FileSystemDirectoryHandle, key: string): Promise<void> {
    const others = (await filesIn(folder)).filter(({ name }) => name !== fileName(key));
    others.sort((a, b) => b.file.lastModified - a.file.lastModified);
    for (const { name } of others.slice(mostRuns - 1)) await folder.removeEntry(name).catch(() => {});
  }
}

async function filesIn(
  folder: FileSystemDirectoryHandle,
): Promise<{ readonly name: string; readonly file: File }[]> {
  const found: { name: string; file: File }[] = [];
  for await (const [name, handle] of folder.entries()) {
    if (isFile(handle)) found.push({ name, file: await handle.getFile() });
  }
  return found;
}

const isFile = (handle: FileSystemHandle): handle is FileSystemFileHandle => handle.kind === 'file';

/** By a handle that only workers have, and that every browser has had for longer than `createWritable`. */
async function writeAll(file: FileSystemFileHandle, parts: readonly Uint8Array[]): Promise<void> {
  const open = await file.createSyncAccessHandle();
  try {
    open.truncate(0);
    let at = 0;
    for (const part of parts) {
      if (open.write(part, { at }) < part.length) throw new DOMException('no room', 'QuotaExceededError');
      at += part.length;
    }
    open.flush();
  } finally {
    open.close();
  }
}
