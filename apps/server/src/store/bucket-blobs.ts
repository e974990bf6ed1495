import { createHash, randomUUID } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { StrataError } from '@strata/fl-core/protocol';
import { S3mini, S3ServiceError } from 's3mini';
import { bucketAway, messageOf, troubleOf } from '../failure.ts';
import { openBlobFolder, SHA256, type SharedBlobs, unknownBlob } from './blob-folder.ts';
import type { BlobStore, SpooledFile } from './blobs.ts';
import type { DiskSpace } from './disk-space.ts';

/** A bucket of S3, or of what speaks like it. */
export interface Bucket {
  /** Address of the bucket, its name as the end of the path. */
  readonly url: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

/** Files that this server has of the bucket: so many bytes, and what was used within so long in any case. */
const defaultCache = { bytes: 8 * 2 ** 30, usedMs: 10 * 60_000 };
/** Files that are fetched at once. */
const fetchedAtOnce = 8;
/** Longest that one request may take, the largest update included. */
const requestMs = 60_000;

export function openBucket({ url, region, accessKey, secretKey }: Bucket): S3mini {
  return new S3mini({
    endpoint: url,
    region,
    accessKeyId: accessKey,
    secretAccessKey: secretKey,
    requestAbortTimeout: requestMs,
  });
}

/**
 * Does what asks the bucket. What fails of the bucket is an error with the code `bucketAway`, which work that must go on
 * waits for; what fails of the disk or of the data is thrown as it is.
 */
export async function asking<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StrataError || troubleOf(error) === 'disk') throw error;
    throw Object.assign(new Error(`The bucket does not answer: ${messageOf(error)}`, { cause: error }), {
      code: bucketAway,
    });
  }
}

const keyOf = (sha256: string): string => `blobs/${sha256}`;

/**
 * Blobs in a bucket: `blobs/SHA256`, and `spool/NODE/` for what has arrived and is not kept yet. Files that this server
 * reads are in a folder of its own, fetched at the first use and checked against their hash; it begins empty.
 *
 * What arrives is sent to the bucket as soon as it is whole, and kept by a copy inside it: keeping happens in a
 * transaction that others wait for.
 */
export async function openBucketBlobs(
  bucket: S3mini,
  cacheFolder: string,
  space: DiskSpace,
  { node, living }: SharedBlobs,
  cache: Partial<typeof defaultCache> = {},
): Promise<BlobStore> {
  await rm(cacheFolder, { recursive: true, force: true });
  const blobs = new BucketBlobs(bucket, await openBlobFolder(cacheFolder, space), node, {
    ...defaultCache,
    ...cache,
  });
  await blobs.forgetSpools(living);
  return blobs;
}

class BucketBlobs implements BlobStore {
  readonly #bucket: S3mini;
  readonly #files: BlobStore;
  readonly #node: string;
  readonly #limits: typeof defaultCache;
  /** Bytes of each file that is here, and when it was used; the one used last is last. */
  readonly #here = new Map<string, { readonly bytes: number; readonly at: number }>();
  /** What is on its way, so that a crowd that asks for a layer fetches it once. */
  readonly #fetching = new Map<string, Promise<void>>();
  #busy = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(bucket: S3mini, files: BlobStore, node: string, limits: typeof defaultCache) {
    this.#bucket = bucket;
    this.#files = files;
    this.#node = node;
    this.#limits = limits;
  }

  /** Deletes what nodes that live no more have left in the spool. */
  async forgetSpools(livingNodes: SharedBlobs['living']): Promise<void> {
    // In this order, as in a folder (`openBlobFolder`).
    const left = (await asking(() => this.#bucket.listObjects('/', 'spool/'))) ?? [];
    const living = await livingNodes();
    for (const { Key } of left) {
      if (!living.some((node) => Key.startsWith(`spool/${node}/`))) await this.#delete(Key);
    }
  }

  async put(bytes: Uint8Array<ArrayBuffer>): Promise<{ sha256: string; bytes: number }> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (!(await this.has(sha256))) {
      await asking(() => this.#bucket.putObject(keyOf(sha256), new Blob([bytes])));
    }
    await this.#files.put(bytes); // it is about to be read: a layer, by those who train it
    await this.#used(sha256);
    return { sha256, bytes: bytes.byteLength };
  }

  async has(sha256: string): Promise<boolean> {
    if (!SHA256.test(sha256)) return false;
    return asking(async () => (await this.#bucket.objectExists(keyOf(sha256))) === true);
  }

  async size(sha256: string): Promise<number> {
    if (!SHA256.test(sha256)) throw unknownBlob(sha256);
    if (await this.#files.has(sha256)) return this.#files.size(sha256);
    return asking(async () => {
      try {
        return await this.#bucket.getContentLength(keyOf(sha256));
      } catch (error) {
        if (error instanceof Error && error.cause instanceof S3ServiceError && error.cause.status === 404)
          throw unknownBlob(sha256);
        throw error;
      }
    });
  }

  async read(sha256: string): Promise<Uint8Array> {
    await this.#fetched(sha256);
    return this.#files.read(sha256);
  }

  async path(sha256: string): Promise<string> {
    await this.#fetched(sha256);
    return this.#files.path(sha256);
  }

  async remove(sha256: string): Promise<void> {
    if (!SHA256.test(sha256)) return;
    await this.#delete(keyOf(sha256));
    this.#here.delete(sha256);
    await this.#files.remove(sha256);
  }

  async spool(body: Readable, maxBytes: number): Promise<SpooledFile> {
    const spooled = await this.#files.spool(body, maxBytes);
    const key = `spool/${this.#node}/${randomUUID()}`;
    const send = (to: string) =>
      asking(async () => this.#bucket.putObject(to, await openAsBlob(spooled.path)));
    // What is no update will be refused, and need not travel.
    const sent = spooled.content.kind !== 'refused';
    try {
      if (sent) await send(key);
    } catch (error) {
      await spooled.discard();
      throw error;
    }
    const forget = async () => {
      if (sent) await this.#delete(key).catch(() => {}); // the next start does
    };
    return {
      ...spooled,
      keep: async () => {
        const name = keyOf(spooled.sha256);
        await (sent ? asking(() => this.#bucket.copyObject(key, name)) : send(name));
        await spooled.keep();
        await this.#used(spooled.sha256);
        void forget();
      },
      discard: async () => {
        await forget();
        await spooled.discard();
      },
    };
  }

  async #delete(key: string): Promise<void> {
    await asking(() => this.#bucket.deleteObject(key));
  }

  async #fetched(sha256: string): Promise<void> {
    if (!SHA256.test(sha256)) throw unknownBlob(sha256);
    if (!(await this.#files.has(sha256))) {
      const fetching =
        this.#fetching.get(sha256) ?? this.#fetch(sha256).finally(() => this.#fetching.delete(sha256));
      this.#fetching.set(sha256, fetching);
      await fetching;
    }
    await this.#used(sha256);
  }

  async #fetch(sha256: string): Promise<void> {
    while (this.#busy >= fetchedAtOnce) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#busy += 1;
    try {
      await this.#fetchNow(sha256);
    } finally {
      this.#busy -= 1;
      this.#waiting.shift()?.();
    }
  }

  #fetchNow(sha256: string): Promise<void> {
    return asking(async () => {
      const response = await this.#bucket.getObjectResponse(keyOf(sha256));
      if (!response?.body) throw unknownBlob(sha256);
      const spooled = await this.#files.spool(Readable.fromWeb(response.body), Number.POSITIVE_INFINITY);
      if (spooled.sha256 !== sha256) {
        await spooled.discard();
        throw new StrataError(
          'internal',
          `The bucket has other bytes for blob ${sha256} than were kept.`,
          'The bucket is damaged; restore a backup.',
        );
      }
      await spooled.keep();
    });
  }

  /** Remembers a file as the one used last; of more than fit, those go that were not used for a while. */
  async #used(sha256: string): Promise<void> {
    const at = performance.now();
    const bytes = this.#here.get(sha256)?.bytes ?? (await this.#files.size(sha256));
    this.#here.delete(sha256);
    this.#here.set(sha256, { bytes, at });
    let total = 0;
    for (const file of this.#here.values()) total += file.bytes;
    for (const [oldest, file] of this.#here) {
      if (total <= this.#limits.bytes || at - file.at < this.#limits.usedMs) break;
      this.#here.delete(oldest);
      total -= file.bytes;
      await this.#files.remove(oldest);
    }
  }
}
