import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { headerLength, parseHeader, type SafetensorsHeader, truncated } from '@strata/fl-core/protocol';

/** Bytes read at once: the memory a file takes, whatever its size. */
export const chunkBytes = 1024 * 1024;

/** What a safetensors file on disk says of itself. Throws `bad-safetensors`. */
export async function readTensorHeader(path: string): Promise<SafetensorsHeader> {
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
    return header;
  } finally {
    await file.close();
  }
}

/** The bytes of a file from `start` on, a chunk at a time. */
export async function* fileBytes(path: string, start: number): AsyncGenerator<Uint8Array> {
  const stream = createReadStream(path, { start, highWaterMark: chunkBytes });
  for await (const chunk of stream) yield chunk;
}
