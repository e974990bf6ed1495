import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { StrataError } from '@strata/fl-core/protocol';
import { errorCode } from '../failure.ts';
import type { BlobStore, SpooledFile } from './blobs.ts';
import { DiskSpace } from './disk-space.ts';
import { Lots } from './spool/lots.ts';
import { SpoolReader } from './spool/reader.ts';
import { syncDirectoryAside } from './sync-directory.ts';

/** This node among those that keep blobs in one place. */
export interface SharedBlobs {
  readonly node: string;
  /** All that live now, this one among them. Who is in it may have files that are arriving. */
  living(): Promise<readonly string[]>;
}

/**
 * Opens (or creates) a blob folder: `ab/cdef...` a blob, named by its sha256 after the first two digits, and
 * `spool/` for what is still arriving, `spool/NODE` where nodes share the folder. What a killed process left in the spool
 * is deleted.
 */
export async function openBlobFolder(
  folder: string,
  space: DiskSpace = new DiskSpace([folder]),
  shared: SharedBlobs | null = null,
): Promise<BlobStore> {
  const spools = join(folder, 'spool');
  const spoolFolder = shared === null ? spools : join(spools, shared.node);
  await mkdir(spools, { recursive: true });
  // In this order: a node says that it lives before it has a folder, so that what is here now and nobody's is a dead one's.
  const found = await readdir(spools);
  const living = (await shared?.living()) ?? [];
  for (const left of found) {
    // One that was suspended, and taken for dead, may be writing there again.
    if (!living.includes(left)) await rm(join(spools, left), { recursive: true, force: true, maxRetries: 5 });
  }
  await mkdir(spoolFolder, { recursive: true });
  return new BlobFolder(folder, spoolFolder, space);
}

export const SHA256 = /^[0-9a-f]{64}$/;

class BlobFolder implements BlobStore {
  readonly #folder: string;
  readonly #spoolFolder: string;
  readonly #space: DiskSpace;
  readonly #reader = new SpoolReader();
  readonly #lots = new Lots();
  /** Two hundred and fifty-six of them. */
  readonly #directories = new Map<string, Promise<void>>();

  constructor(folder: string, spoolFolder: string, space: DiskSpace) {
    this.#folder = folder;
    this.#spoolFolder = spoolFolder;
    this.#space = space;
  }

  async put(bytes: Uint8Array): Promise<{ sha256: string; bytes: number }> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (!(await this.has(sha256))) {
      const path = this.#spoolPath();
      await this.#space.watch(() => this.#write(path, (file) => file.writeFile(bytes)));
      await this.#keep(path, sha256);
    }
    return { sha256, bytes: bytes.byteLength };
  }

  async has(sha256: string): Promise<boolean> {
    return (await this.#find(sha256)) !== undefined;
  }

  async size(sha256: string): Promise<number> {
    return (await this.#get(sha256)).bytes;
  }

  async read(sha256: string): Promise<Uint8Array> {
    return readFile((await this.#get(sha256)).path);
  }

  async path(sha256: string): Promise<string> {
    return (await this.#get(sha256)).path;
  }

  async remove(sha256: string): Promise<void> {
    const blob = await this.#find(sha256);
    if (blob) await rm(blob.path, { force: true });
  }

  async spool(body: Readable, maxBytes: number): Promise<SpooledFile> {
    const path = this.#spoolPath();
    const { sha256, content, bytes } = await this.#space.watch(() =>
      this.#write(path, async (file) => {
        const reading = this.#reader.read(path);
        try {
          const bytes = await this.#lots.append(file, body, maxBytes, (size) => reading.grown(size));
          // While it goes to the disk, the rest of it is read.
          const [{ sha256, content }] = await Promise.all([reading.end(bytes), file.sync()]);
          return { sha256, content, bytes };
        } catch (error) {
          reading.stop();
          throw error;
        }
      }),
    );
    return {
      path,
      sha256,
      bytes,
      content,
      keep: () => this.#keep(path, sha256),
      discard: () => rm(path, { force: true }),
    };
  }

  #spoolPath(): string {
    return join(this.#spoolFolder, randomUUID());
  }

  /** Creates a file of the spool, fills it and forces it to the disk; leaves nothing behind when that fails. */
  async #write<T>(path: string, fill: (file: FileHandle) => Promise<T>): Promise<T> {
    const file = await this.#create(path);
    try {
      const filled = await fill(file);
      await file.sync();
      return filled;
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await file.close();
    }
  }

  /** Another node that took this one for dead, while it was suspended, has deleted its folder. */
  async #create(path: string): Promise<FileHandle> {
    try {
      return await open(path, 'wx');
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
      await mkdir(this.#spoolFolder, { recursive: true });
      return open(path, 'wx');
    }
  }

  #place(sha256: string): { directory: string; path: string } {
    const directory = join(this.#folder, sha256.slice(0, 2));
    return { directory, path: join(directory, sha256.slice(2)) };
  }

  /** Moves a file that is on the disk to its name; the name is on the disk too when this returns. */
  async #keep(file: string, sha256: string): Promise<void> {
    const { directory, path } = this.#place(sha256);
    await this.#space.watch(async () => {
      await this.#made(directory);
      // Over an equal blob this changes nothing: same name, same bytes.
      await rename(file, path);
      await syncDirectoryAside(directory);
    });
  }

  /** The directory is there, and its name on the disk: for all that wait for it, before any of them goes on. */
  #made(directory: string): Promise<void> {
    const known = this.#directories.get(directory);
    if (known) return known;
    const made = mkdir(directory, { recursive: true }).then((first) =>
      first === undefined ? undefined : syncDirectoryAside(this.#folder),
    );
    this.#directories.set(directory, made);
    made.catch(() => this.#directories.delete(directory)); // it may be made the next time
    return made;
  }

  async #find(sha256: string): Promise<{ path: string; bytes: number } | undefined> {
    if (!SHA256.test(sha256)) return undefined;
    const { path } = this.#place(sha256);
    try {
      return { path, bytes: (await stat(path)).size };
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  async #get(sha256: string): Promise<{ path: string; bytes: number }> {
    const blob = await this.#find(sha256);
    if (blob) return blob;
    throw unknownBlob(sha256);
  }
}

export const unknownBlob = (sha256: string): StrataError =>
  new StrataError(
    'unknown-blob',
    `There is no blob ${sha256.slice(0, 64)} on this server.`,
    'Ask for the hashes of the present checkpoint.',
  );
