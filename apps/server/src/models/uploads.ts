import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream, type Dirent } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
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
  /** A file of which nothing has come for so long is on its way no more: its server has ended. */
  readonly stuckMs: number;
  /** Models that are kept, the newest; a run that was made of one keeps its layers elsewhere. */
  readonly kept: number;
}

const defaults: UploadLimits = {
  bytes: 2 ** 30,
  files: 256,
  open: 4,
  idleMs: 30 * 60_000,
  stuckMs: 2 * 60_000,
  kept: 20,
};

/** A file that has arrived in full. */
interface Arrived {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What there is of an upload, whichever server took it. */
interface Upload {
  readonly files: readonly Arrived[];
  /** Names of files that are on their way. */
  readonly arriving: readonly string[];
  /** When anything of it came last, in milliseconds since the epoch. */
  readonly touched: number;
}

/** A model whose files have arrived. */
export interface Uploaded {
  /** As a run names it: `upload:SHA256`. */
  readonly source: string;
  /** Forgets it, unless it was here before. */
  discard(): Promise<void>;
}

/** Names in it are of files on their way, or of what is no file: those of files never begin with a dot. */
const hidden = '.arriving-';

/**
 * Models that an operator sends, file by file, each streamed to disk. When all are there they become a folder named
 * by the hash of their names and contents: the same files are kept once.
 *
 * What has arrived is on the disk alone, as `incoming/UPLOAD/FILE/SHA256`: servers that share the folder take files of
 * one upload each, any of them ends it, and one that is started again goes on with it.
 */
export class ModelUploads {
  readonly #cacheDir: string;
  readonly #incoming: string;
  readonly #limits: UploadLimits;
  /** Bytes so far of the files that are on their way to this server, by upload and name. */
  readonly #arriving = new Map<string, Map<string, number>>();

  /** @param cacheDir where downloaded models are, too; of all servers that share models. */
  constructor(cacheDir: string, limits: Partial<UploadLimits> = {}) {
    this.#cacheDir = cacheDir;
    this.#incoming = join(cacheDir, 'incoming');
    this.#limits = { ...defaults, ...limits };
  }

  /**
   * Takes one file of an upload, which begins with its first. A file that is sent again replaces the earlier one.
   *
   * @throws StrataError `too-large`, `rate-limited` when too many uploads are open, `wrong-state` while the same file
   *   is on its way.
   */
  async take(id: string, name: string, body: Readable): Promise<void> {
    const own = this.#arriving.get(id) ?? new Map<string, number>();
    this.#arriving.set(id, own);
    if (own.has(name)) throw onItsWay(name);
    own.set(name, 0);
    try {
      await this.#receive(id, name, body, own);
    } finally {
      own.delete(name);
      if (own.size === 0) this.#arriving.delete(id);
    }
  }

  async #receive(id: string, name: string, body: Readable, own: Map<string, number>): Promise<void> {
    await this.#makeRoom(id);
    const before = await this.#look(id);
    if (before.arriving.includes(name)) throw onItsWay(name);
    const others = before.files.filter((file) => file.name !== name);
    const names = new Set([...others.map((file) => file.name), ...before.arriving, ...own.keys()]);
    if (names.size > this.#limits.files) throw tooLarge(`a model of more than ${this.#limits.files} files`);
    const there = others.reduce((sum, { bytes }) => sum + bytes, 0);
    const folder = join(this.#incoming, id, name);
    await mkdir(folder, { recursive: true });
    const hash = createHash('sha256');
    const counted = new Transform({
      transform: (chunk: Uint8Array, _encoding, done) => {
        own.set(name, (own.get(name) ?? 0) + chunk.byteLength);
        hash.update(chunk);
        const here = [...own.values()].reduce((sum, bytes) => sum + bytes, 0);
        if (there + here <= this.#limits.bytes) done(null, chunk);
        else done(this.#tooManyBytes());
      },
    });
    const path = join(folder, `${hidden}${randomUUID()}`);
    try {
      await pipeline(body, counted, createWriteStream(path));
      const sha256 = hash.digest('hex');
      await rename(path, join(folder, sha256));
      const older = (await readdir(folder)).filter((file) => file !== sha256 && !file.startsWith(hidden));
      for (const file of older) await rm(join(folder, file), { force: true });
      // Others may have arrived meanwhile, here or at another server.
      const { files } = await this.#look(id);
      if (files.reduce((sum, { bytes }) => sum + bytes, 0) <= this.#limits.bytes) return;
      await rm(join(folder, sha256), { force: true });
      throw this.#tooManyBytes();
    } catch (error) {
      await rm(path, { force: true });
      // Without files it is none of the upload's.
      if ((await readdir(folder).catch(() => ['?'])).length === 0)
        await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Ends an upload. Throws `bad-request` when it has no file, `wrong-state` while one is on its way. */
  async finish(id: string): Promise<Uploaded> {
    await this.#giveUpIdle();
    const upload = await this.#look(id);
    const [arriving] = [...upload.arriving, ...(this.#arriving.get(id)?.keys() ?? [])];
    if (arriving !== undefined) {
      throw new StrataError('wrong-state', `${arriving} is still on its way.`, 'Wait until it has arrived.');
    }
    if (upload.files.length === 0) {
      throw new StrataError(
        'bad-request',
        `No file of the upload ${id} has arrived.`,
        'Send the files first.',
      );
    }
    const sha256 = nameOf(upload);
    const folder = uploadFolder(this.#cacheDir, sha256);
    const known = await exists(folder);
    if (known) await utimes(folder, new Date(), new Date());
    else {
      const whole = await mkdtemp(join(this.#incoming, `${hidden}${id}-`));
      for (const { name, path } of upload.files) await rename(path, join(whole, name));
      await rename(whole, folder);
    }
    await rm(join(this.#incoming, id), { recursive: true, force: true });
    await this.#keepNewest();
    return {
      source: `upload:${sha256}`,
      discard: async () => {
        if (!known) await rm(folder, { recursive: true, force: true });
      },
    };
  }

  /** @throws StrataError `rate-limited` where an upload cannot begin, since others are open. */
  async #makeRoom(id: string): Promise<void> {
    await mkdir(this.#incoming, { recursive: true });
    await this.#giveUpIdle();
    const open = (await readdir(this.#incoming)).filter((name) => !name.startsWith(hidden));
    if (open.includes(id) || open.length < this.#limits.open) return;
    throw new StrataError(
      'rate-limited',
      `${open.length} models are being uploaded.`,
      'Wait until one of them is done.',
    );
  }

  async #look(id: string): Promise<Upload> {
    const folder = join(this.#incoming, id);
    const files: Arrived[] = [];
    const arriving: string[] = [];
    let touched = await changedAt(folder);
    for (const { name } of await entriesOf(folder)) {
      const found: {
        readonly path: string;
        readonly at: number;
        readonly bytes: number;
        readonly file: string;
      }[] = [];
      for (const { name: file } of await entriesOf(join(folder, name))) {
        const path = join(folder, name, file);
        const known = await stat(path).catch(() => null);
        if (known === null) continue; // it has got its name meanwhile, or was replaced
        touched = Math.max(touched, known.mtimeMs);
        found.push({ path, file, at: known.mtimeMs, bytes: known.size });
      }
      const alive = Date.now() - this.#limits.stuckMs;
      if (found.some(({ file, at }) => file.startsWith(hidden) && at > alive)) arriving.push(name);
      const [newest] = found.filter(({ file }) => !file.startsWith(hidden)).toSorted((a, b) => b.at - a.at);
      if (newest) files.push({ name, path: newest.path, bytes: newest.bytes, sha256: newest.file });
    }
    return { files, arriving, touched };
  }

  async #giveUpIdle(): Promise<void> {
    const before = Date.now() - this.#limits.idleMs;
    for (const { name } of await entriesOf(this.#incoming)) {
      if (this.#arriving.has(name)) continue;
      const path = join(this.#incoming, name);
      const touched = name.startsWith(hidden) ? await changedAt(path) : (await this.#look(name)).touched;
      if (touched <= before) await rm(path, { recursive: true, force: true });
    }
  }

  async #keepNewest(): Promise<void> {
    const names = (await readdir(this.#cacheDir)).filter((name) => /^upload-[0-9a-f]{64}$/.test(name));
    const dated = await Promise.all(
      names.map(async (name) => {
        const path = join(this.#cacheDir, name);
        return { path, at: await changedAt(path) };
      }),
    );
    const old = dated.toSorted((a, b) => b.at - a.at).slice(this.#limits.kept);
    for (const { path } of old) await rm(path, { recursive: true, force: true });
  }

  #tooManyBytes(): StrataError {
    return tooLarge(`a model of more than ${this.#limits.bytes / 2 ** 20} MiB`);
  }
}

/** Folders in a folder, or files; none where it is gone. */
const entriesOf = (folder: string): Promise<Dirent[]> =>
  readdir(folder, { withFileTypes: true }).catch(() => []);

/** In milliseconds since the epoch; 0 where there is nothing. */
const changedAt = (path: string): Promise<number> =>
  stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );

/** Hash of the names and contents, in the order of names. */
function nameOf({ files }: Upload): string {
  const lines = files.map(({ name, sha256 }) => `${sha256}  ${name}\n`).toSorted();
  return createHash('sha256').update(lines.join('')).digest('hex');
}

const onItsWay = (name: string) =>
  new StrataError('wrong-state', `${name} is on its way already.`, 'Wait until it has arrived.');

const tooLarge = (what: string) =>
  new StrataError('too-large', `This server takes no upload of ${what}.`, 'Choose a smaller model.');
