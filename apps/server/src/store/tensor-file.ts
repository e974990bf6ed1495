import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import {
  headerLength,
  parseHeader,
  type SafetensorsHeader,
  type TensorEntry,
  truncated,
} from '@strata/fl-core/protocol';

/** Bytes read at once: the memory a file takes, whatever its size. A multiple of every element size. */
export const chunkBytes = 1024 * 1024;

/** A safetensors file on disk: its header in memory, its tensors read in chunks. */
export class TensorFile {
  readonly header: SafetensorsHeader;
  readonly #file: Awaited<ReturnType<typeof open>>;

  private constructor(file: Awaited<ReturnType<typeof open>>, header: SafetensorsHeader) {
    this.#file = file;
    this.header = header;
  }

  /** Throws `bad-safetensors`. */
  static async open(path: string): Promise<TensorFile> {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const first = new Uint8Array(8);
      const { bytesRead } = await file.read(first, 0, 8, 0);
      const length = headerLength(first.subarray(0, bytesRead));
      if (8 + length > size) throw truncated();
      const json = new Uint8Array(length);
      await file.read(json, 0, length, 8);
      const header = parseHeader(json);
      if (header.fileSize !== size) throw truncated();
      return new TensorFile(file, header);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Values [offset, offset + into.length) of an F32 tensor, in place. */
  async read(entry: TensorEntry, offset: number, into: Float32Array): Promise<void> {
    const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
    await this.#fill(bytes, bytes.byteLength, entry.begin + 4 * offset);
  }

  /** The bytes of a file from `start` on, a chunk at a time. */
  static async *bytes(path: string, start: number): AsyncGenerator<Uint8Array> {
    const stream = createReadStream(path, { start, highWaterMark: chunkBytes });
    for await (const chunk of stream) yield chunk;
  }

  async #fill(buffer: Uint8Array, length: number, position: number): Promise<void> {
    for (let done = 0; done < length; ) {
      const { bytesRead } = await this.#file.read(buffer, done, length - done, position + done);
      if (bytesRead === 0) throw truncated();
      done += bytesRead;
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
