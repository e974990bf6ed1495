import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { DecodedImage, SampleIo } from '@strata/fl-core/data';
import { PNG } from 'pngjs';

/** Decodes a PNG to RGBA bytes in plain JavaScript; rejects for anything else. */
export async function decodePng(bytes: Uint8Array): Promise<DecodedImage> {
  const { width, height, data } = PNG.sync.read(Buffer.from(bytes));
  return { width, height, rgba: data };
}

/** Reads the built-in samples from this folder: for experiments, benchmarks and tests in Node. */
export const nodeSampleIo: SampleIo = {
  fetch: (path) => readFile(fileURLToPath(new URL(path, import.meta.url))),
  decodeImage: decodePng,
};
