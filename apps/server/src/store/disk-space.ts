import { open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { troubleOf } from '../failure.ts';

/** Fewer free bytes than these are none: an update, a log line and the database want some. */
const leastBytes = 32 * 2 ** 20;
/** What is written to see whether it can be. */
const trialBytes = 2 ** 20;

/** Whether there is room where folders are; known from what could not be written, and by looking. */
export class DiskSpace {
  readonly #folders: readonly string[];
  readonly #leastBytes: number;
  #full = false;
  #onFull: () => void = () => {};

  /** @param least free bytes below which the disk counts as full */
  constructor(folders: readonly string[], least = leastBytes) {
    this.#folders = folders;
    this.#leastBytes = least;
  }

  get full(): boolean {
    return this.#full;
  }

  /** `listener` hears when there was no room for something, the first time. */
  onFull(listener: () => void): void {
    this.#onFull = listener;
  }

  /** Free bytes where there are the fewest. */
  async free(): Promise<number> {
    const sizes = await Promise.all(this.#folders.map((folder) => statfs(folder)));
    return Math.min(...sizes.map(({ bavail, bsize }) => bavail * bsize));
  }

  /** Does work that writes; that there was no room for it is remembered, and thrown on. */
  async watch<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (troubleOf(error) === 'disk' && !this.#full) {
        this.#full = true;
        this.#onFull();
      }
      throw error;
    }
  }

  /** Looks how it stands. A disk that was full is believed to have room when something can be written. */
  async look(): Promise<void> {
    let room = true;
    for (const folder of this.#folders) {
      const { bavail, bsize } = await statfs(folder);
      room &&= bavail * bsize >= this.#leastBytes && (!this.#full || (await this.#canWrite(folder)));
    }
    this.#full = !room;
  }

  async #canWrite(folder: string): Promise<boolean> {
    const path = join(folder, 'space-trial');
    try {
      const file = await open(path, 'w');
      try {
        await file.writeFile(new Uint8Array(trialBytes));
        await file.sync();
      } finally {
        await file.close();
      }
      return true;
    } catch (error) {
      if (troubleOf(error) === 'disk') return false;
      throw error;
    } finally {
      await rm(path, { force: true });
    }
  }
}

export interface HasSpace {
  readonly space: DiskSpace;
}
