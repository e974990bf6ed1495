import type { Readable } from 'node:stream';
import type { SpooledContent } from './spool/growing-file.ts';

/** Content-addressed, immutable files: every tensor the server keeps. Implemented over a folder and over a bucket. */
export interface BlobStore {
  /** Writes (fsync, then rename) unless a blob of that hash exists; returns its sha256. */
  put(bytes: Uint8Array): Promise<{ sha256: string; bytes: number }>;
  has(sha256: string): Promise<boolean>;
  /** Size in bytes; throws `unknown-blob`. */
  size(sha256: string): Promise<number>;
  /** Whole blob; throws `unknown-blob`. */
  read(sha256: string): Promise<Uint8Array>;
  /** Absolute path of a file with the blob's bytes, for ranged reads at once; throws `unknown-blob`. */
  path(sha256: string): Promise<string>;
  /** Deletes a blob; nothing happens when there is none. The caller knows that nothing names it any more. */
  remove(sha256: string): Promise<void>;
  /**
   * Streams a body into the spool and onto the disk, while it is hashed and looked through in a thread; refuses more
   * than `maxBytes` with `too-large`.
   * The caller keeps the result with {@link keep} or drops it with {@link discard}.
   */
  spool(body: Readable, maxBytes: number): Promise<SpooledFile>;
}

export interface HasBlobs {
  readonly blobs: BlobStore;
}

export interface SpooledFile {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly content: SpooledContent;
  /** Turns the spooled file into a blob. */
  keep(): Promise<void>;
  discard(): Promise<void>;
}
