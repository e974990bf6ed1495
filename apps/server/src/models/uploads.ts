import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StrataError } from '@strata/fl-core/protocol';
import { exists } from './exists.ts';
import { uploadFolder } from './imported-source.ts';

export interface UploadLimits {
  /** Of all files of one model. */
  readonly bytes: number;
  /** Of one model. */
  readonly files: number;
  /** Uploads that have begun and not ended. */
  readonly open: number;
  /** After so long without a file an upload is given up. */
  readonly idleMs: number;
  /** Models that are kept, the newest; a run that was made of one keeps its layers elsewhere. */
  readonly kept: number;
}

const defaults: UploadLimits = {
  bytes: 2 ** 30,
  files: 256,
  open: 4,
  idleMs: 30 * 60_000,
  kept: 20,
};

interface Upload {
  readonly folder: string;
  /** Its folder is there. */
  readonly ready: Promise<unknown>;
  /** Bytes and hash of those that have arrived in full. */
  readonly files: Map<string, { readonly bytes: number; readonly sha256: string }>;
  /** Under way. */
  readonly arriving: Set<string>;
  bytes: number;
  touched: number;
}

/** A model whose files have arrived. */
export interface Uploaded {
  /** As a run names it: `upload:SHA256`. */
  readonly source: string;
  /** Forgets it, unless it was here before. */
  discard(): Promise<void>;
}

/**
 * Models that an operator sends, file by file, each streamed to disk. When all are there they become a folder named
 * by the hash of their names and contents: the same files are kept once.
 */
export class ModelUploads {
  readonly #cacheDir: string;
  readonly #incoming: string;
  readonly #limits: UploadLimits;
  readonly #open = new Map<string, Upload>();
  #cleared: Promise<void> | null = null;

  /**
   * @param cacheDir where downloaded models are, too
   * @param incoming names a folder in it for what has not arrived yet, which no other server has
   */
  constructor(cacheDir: string, limits: Partial<UploadLimits> = {}, incoming = 'incoming') {
    this.#cacheDir = cacheDir;
    this.#incoming = join(cacheDir, incoming);
    this.#limits = { ...defaults, ...limits };
  }

  /**
   * Takes one file of an upload, which begins with its first. A file that is sent again replaces the earlier one.
   *
   * @throws StrataError `too-large`, `rate-limited` when too many uploads are open, `wrong-state` while the same file
   *   is on its way.
   */
  async take(id: string, name: string, body: Readable): Promise<void> {
    const upload = await this.#begun(id);
    if (upload.arriving.has(name)) {
      throw new StrataError('wrong-state', `${name} is on its way already.`, 'Wait until it has arrived.');
    }
    if (!upload.files.has(name) && upload.files.size + upload.arriving.size >= this.#limits.files) {
      throw tooLarge(`a model of more than ${this.#limits.files} files`);
    }
    upload.arriving.add(name);
    upload.bytes -= upload.files.get(name)?.bytes ?? 0;
    upload.files.delete(name);
    const hash = createHash('sha256');
    let bytes = 0;
    const counted = new Transform({
      transform: (chunk: Uint8Array, _encoding, done) => {
        bytes += chunk.byteLength;
        upload.bytes += chunk.byteLength;
        upload.touched = Date.now();
        hash.update(chunk);
        if (upload.bytes <= this.#limits.bytes) done(null, chunk);
        else done(tooLarge(`a model of more than ${this.#limits.bytes / 2 ** 20} MiB`));
      },
    });
    const path = join(upload.folder, name);
    try {
      await pipeline(body, counted, createWriteStream(path));
      upload.files.set(name, { bytes, sha256: hash.digest('hex') });
    } catch (error) {
      upload.bytes -= bytes;
      await rm(path, { force: true });
      throw error;
    } finally {
      upload.arriving.delete(name);
    }
  }

  /** Ends an upload. Throws `bad-request` when it has no file, `wrong-state` while one is on its way. */
  async finish(id: string): Promise<Uploaded> {
    const upload = this.#open.get(id);
    if (upload === undefined || upload.files.size === 0) {
      throw new StrataError(
        'bad-request',
        `No file of the upload ${id} has arrived.`,
        'Send the files first.',
      );
    }
    if (upload.arriving.size > 0) {
      const [name = ''] = upload.arriving;
      throw new StrataError('wrong-state', `${name} is still on its way.`, 'Wait until it has arrived.');
    }
    this.#open.delete(id);
    const sha256 = nameOf(upload);
    const folder = uploadFolder(this.#cacheDir, sha256);
    const known = await exists(folder);
    if (known) {
      await rm(upload.folder, { recursive: true, force: true });
      await utimes(folder, new Date(), new Date());
    } else {
      await rename(upload.folder, folder);
    }
    await this.#keepNewest();
    return {
      source: `upload:${sha256}`,
      discard: async () => {
        if (!known) await rm(folder, { recursive: true, force: true });
      },
    };
  }

  async #begun(id: string): Promise<Upload> {
    // What an earlier server left unfinished.
    this.#cleared ??= rm(this.#incoming, { recursive: true, force: true });
    await this.#cleared;
    await this.#giveUpIdle();
    const known = this.#open.get(id);
    if (known !== undefined) {
      await known.ready;
      return known;
    }
    if (this.#open.size >= this.#limits.open) {
      throw new StrataError(
        'rate-limited',
        `${this.#open.size} models are being uploaded.`,
        'Wait until one of them is done.',
      );
    }
    const folder = join(this.#incoming, id);
    // Nothing is waited for between the look and this: two files of one upload may come at once.
    const upload: Upload = {
      folder,
      ready: mkdir(folder, { recursive: true }),
      files: new Map(),
      arriving: new Set(),
      bytes: 0,
      touched: Date.now(),
    };
    this.#open.set(id, upload);
    await upload.ready;
    return upload;
  }

  async #giveUpIdle(): Promise<void> {
    const before = Date.now() - this.#limits.idleMs;
    for (const [id, upload] of this.#open) {
      if (upload.touched > before || upload.arriving.size > 0) continue;
      this.#open.delete(id);
      await rm(upload.folder, { recursive: true, force: true });
    }
  }

  async #keepNewest(): Promise<void> {
    const names = (await readdir(this.#cacheDir)).filter((name) => /^upload-[0-9a-f]{64}$/.test(name));
    const dated = await Promise.all(
      names.map(async (name) => {
        const path = join(this.#cacheDir, name);
        return { path, at: (await stat(path)).mtimeMs };
      }),
    );
    const old = dated.toSorted((a, b) => b.at - a.at).slice(this.#limits.kept);
    for (const { path } of old) await rm(path, { recursive: true, force: true });
  }
}

/** Hash of the names and contents, in the order of names. */
function nameOf({ files }: Upload): string {
  const lines = [...files].map(([name, { sha256 }]) => `${sha256}  ${name}\n`).toSorted();
  return createHash('sha256').update(lines.join('')).digest('hex');
}

const tooLarge = (what: string) =>
  new StrataError('too-large', `This server takes no upload of ${what}.`, 'Choose a smaller model.');
