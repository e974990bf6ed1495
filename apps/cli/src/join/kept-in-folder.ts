import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeptData, KeptModels } from '@strata/client/session';

/** Data stay where the person has them, and are read again. */
export const noData: KeptData = {
  keep: async () => 'unavailable',
  load: async () => null,
  find: async () => null,
  size: async () => 0,
  clear: async () => {},
};

/** Parts of models in memory, for all clients of this process, and in a folder where one is given. */
export class PartsOfModels implements KeptModels {
  readonly #folder: string | null;
  readonly #parts = new Map<string, Uint8Array>();

  constructor(folder: string | null) {
    this.#folder = folder === null ? null : join(folder, 'model-parts');
  }

  async get(sha256: string): Promise<Uint8Array | null> {
    const held = this.#parts.get(sha256);
    if (held !== undefined || this.#folder === null) return held ?? null;
    const bytes = await readFile(join(this.#folder, sha256)).catch(() => null);
    if (bytes === null || createHash('sha256').update(bytes).digest('hex') !== sha256) return null;
    const part = new Uint8Array(bytes);
    this.#parts.set(sha256, part);
    return part;
  }

  async put(sha256: string, bytes: Uint8Array): Promise<'kept' | 'no-room' | 'unavailable'> {
    this.#parts.set(sha256, bytes);
    if (this.#folder === null) return 'unavailable';
    try {
      await mkdir(this.#folder, { recursive: true });
      const path = join(this.#folder, sha256);
      // Another process may read it: it is there as a whole or not at all.
      await writeFile(`${path}.${process.pid}`, bytes);
      await rename(`${path}.${process.pid}`, path);
      return 'kept';
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOSPC' ? 'no-room' : 'unavailable';
    }
  }

  async size(): Promise<number> {
    const folder = this.#folder;
    if (folder === null) return 0;
    const names = await readdir(folder).catch(() => []);
    const sizes = await Promise.all(names.map((name) => stat(join(folder, name)).catch(() => null)));
    return sizes.reduce((sum, file) => sum + (file?.size ?? 0), 0);
  }

  async clear(): Promise<void> {
    this.#parts.clear();
    if (this.#folder !== null) await rm(this.#folder, { recursive: true, force: true });
  }
}
