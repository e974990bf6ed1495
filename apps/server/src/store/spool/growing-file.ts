import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { StrataError } from '@strata/fl-core/error';
import { Length } from '@strata/fl-core/privacy';
import type { ErrorBody } from '@strata/fl-core/protocol';
import {
  firstNonFinite,
  headerLength,
  parseHeader,
  type SafetensorsHeader,
  type TensorEntry,
  truncated,
} from '@strata/fl-core/safetensors';

/** What a file that was spooled holds: what a safetensors file says of itself, or why it is none. */
export type SpooledContent =
  | {
      readonly kind: 'tensors';
      readonly header: SafetensorsHeader;
      /** The first float32 of the file that is not finite, with its offset in bytes; null where all are. */
      readonly nonFinite: { readonly at: number; readonly value: number } | null;
      /** Of each tensor the sum of the squares of its values, taken as float32; in the order of the file. */
      readonly squares: ReadonlyMap<string, number>;
    }
  | { readonly kind: 'refused'; readonly body: ErrorBody };

/** Read at once: small enough to be in the processor's cache when it is hashed and looked through. */
const pieceBytes = 256 * 1024;
const piece = new Uint8Array(pieceBytes);

/**
 * Hashes and looks through a file while it is written, so that nothing of that is left to do when its last byte
 * arrives. All calls block: for a thread.
 */
export class GrowingFile {
  readonly #file: number;
  readonly #hash = createHash('sha256');
  #at = 0;
  #header: SafetensorsHeader | null = null;
  #refusal: StrataError | null = null;
  #nonFinite: { at: number; value: number } | null = null;
  readonly #squares = new Map<string, number>();
  /** Tensors that are not measured yet, the first one last; of that one, what has come of it. */
  #ahead: TensorEntry[] = [];
  #length = new Length();

  constructor(path: string) {
    this.#file = openSync(path, 'r');
  }

  /** Its first `size` bytes are written; that is all if `whole`. */
  grown(size: number, whole = false): void {
    if (!this.#header && !this.#refusal) this.#readHeader(size, whole);
    if (!this.#header) {
      if (this.#refusal) this.#take(size);
      return;
    }
    // Whole numbers only, as long as more may come.
    const numbers = size - this.#header.dataStart;
    this.#take(this.#header.dataStart + numbers - (numbers % 4));
  }

  /** It has `size` bytes, and all of them are written. */
  end(size: number): { readonly sha256: string; readonly content: SpooledContent } {
    this.grown(size, true);
    this.#take(size);
    const header = this.#header;
    const refusal = this.#refusal ?? (header?.fileSize === size ? null : truncated());
    return {
      sha256: this.#hash.digest('hex'),
      content:
        refusal || !header
          ? { kind: 'refused', body: (refusal ?? truncated()).toBody() }
          : { kind: 'tensors', header, nonFinite: this.#nonFinite, squares: this.#squares },
    };
  }

  close(): void {
    closeSync(this.#file);
  }

  #readHeader(size: number, whole: boolean): void {
    if (size < 8 && !whole) return;
    try {
      const length = headerLength(this.#read(0, Math.min(8, size)));
      if (size < 8 + length) return;
      this.#header = parseHeader(this.#read(8, length));
      this.#ahead = [...this.#header.tensors.values()].sort((a, b) => b.begin - a.begin || b.end - a.end);
      this.#take(this.#header.dataStart, false);
    } catch (error) {
      if (!(error instanceof StrataError)) throw error;
      this.#refusal = error;
    }
  }

  /** Bytes of the file in an array of their own. */
  #read(at: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.#fill(bytes, at);
    return bytes;
  }

  /** Hashes up to `end`, and looks for what is not finite. */
  #take(end: number, look = this.#header !== null): void {
    while (this.#at < end) {
      const bytes = piece.subarray(0, Math.min(pieceBytes, end - this.#at));
      this.#fill(bytes, this.#at);
      this.#hash.update(bytes);
      if (look && !this.#nonFinite) this.#lookThrough(bytes.byteLength);
      this.#at += bytes.byteLength;
    }
  }

  #lookThrough(bytes: number): void {
    const values = new Float32Array(piece.buffer, 0, Math.floor(bytes / 4));
    // No sum of squares of finite float32 values is too large for float64: one that is not finite tells of one of them.
    if (this.#measure(values)) return;
    const index = firstNonFinite(values);
    const value = values[index];
    if (value !== undefined) this.#nonFinite = { at: this.#at + 4 * index, value };
  }

  /**
   * @param values that begin where the file has been taken up to.
   * @returns whether all are finite.
   */
  #measure(values: Float32Array): boolean {
    for (let done = 0; ; ) {
      const tensor = this.#ahead.at(-1);
      if (tensor === undefined) return true;
      const end = Math.min(values.length, Math.floor((tensor.end - this.#at) / 4));
      this.#length.add(values.subarray(done, end));
      done = end;
      const { squares } = this.#length;
      if (!Number.isFinite(squares)) return false;
      if (this.#at + 4 * end < tensor.end) return true;
      this.#squares.set(tensor.name, squares);
      this.#length = new Length();
      this.#ahead.pop();
    }
  }

  #fill(into: Uint8Array, at: number): void {
    for (let done = 0; done < into.byteLength; ) {
      const read = readSync(this.#file, into, done, into.byteLength - done, at + done);
      if (read === 0) throw new Error(`a spooled file ends at ${at + done}, earlier than it was written`);
      done += read;
    }
  }
}
