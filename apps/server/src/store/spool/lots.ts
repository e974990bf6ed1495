import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { StrataError } from '@strata/fl-core/protocol';

/** What all bodies together may hold before it is appended, and what each may at least and at most, in bytes. */
const held = { together: 32 * 2 ** 20, least: 64 * 1024, most: 2 ** 20 };

/**
 * Appends bodies to files in large lots: an append for each 64 KiB that the network brings is a third of the time. How
 * large depends on how many bodies are on their way, so that a thousand of them do not hold a gigabyte.
 */
export class Lots {
  #bodies = 0;

  /**
   * Appends a body as it comes, without a copy.
   * @param written is told how many bytes of the file are written, after each lot.
   * @returns the bytes of the body.
   * @throws StrataError `too-large` beyond `maxBytes`.
   */
  async append(
    file: FileHandle,
    body: Readable,
    maxBytes: number,
    written: (bytes: number) => void,
  ): Promise<number> {
    let bytes = 0;
    let lot: Uint8Array[] = [];
    let inLot = 0;
    // One lot is written while the next one comes in.
    let writing = Promise.resolve();
    const write = async (): Promise<void> => {
      await writing;
      const [chunks, length, size] = [lot, inLot, bytes];
      lot = [];
      inLot = 0;
      writing = appendAll(file, chunks, length).then(() => written(size));
      writing.catch(() => {}); // told where it is awaited
    };
    this.#bodies++;
    try {
      // Refusing a body must not destroy it: the refusal travels on the same connection.
      for await (const chunk of body.iterator({ destroyOnReturn: false })) {
        const data: Uint8Array = chunk;
        bytes += data.byteLength;
        if (bytes > maxBytes) {
          throw new StrataError(
            'too-large',
            `The body has more than ${maxBytes} bytes.`,
            'Send at most that many bytes.',
          );
        }
        lot.push(data);
        inLot += data.byteLength;
        if (inLot >= this.#size()) await write();
      }
      await write();
      await writing;
      return bytes;
    } catch (error) {
      await writing.catch(() => {}); // the file is closed after this
      throw error;
    } finally {
      this.#bodies--;
    }
  }

  #size(): number {
    return Math.min(held.most, Math.max(held.least, held.together / this.#bodies));
  }
}

async function appendAll(file: FileHandle, chunks: readonly Uint8Array[], length: number): Promise<void> {
  if (length === 0) return;
  const { bytesWritten } = await file.writev(chunks);
  // On a disk that is nearly full: the rest fails with the reason.
  if (bytesWritten < length) await file.appendFile(Buffer.concat(chunks).subarray(bytesWritten));
}
