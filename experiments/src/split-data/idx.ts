import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { ImageRegion, RawImages } from '@strata/fl-core/data';
import { samples } from '@strata/fl-core/data';
import { UsageError } from '../experiment.ts';
import type { Split } from './split-data.ts';

/** Four-byte words at the start of a file of pictures (count, height, width follow) and of labels (count). */
const [picturesMagic, labelsMagic] = [0x0803, 0x0801];

/**
 * Reads grey pictures with a label each in the IDX format (LeCun, http://yann.lecun.com/exdb/mnist), compressed, by the
 * names that MNIST and Fashion-MNIST have. Throws {@link UsageError} for a file that is no such thing.
 */
export async function readIdx(folder: string): Promise<Split<RawImages>> {
  // What the numbers mean does not stand in the format.
  const { labels } = samples['fashion-mnist'];
  return { labels, train: await part(folder, 'train', labels), test: await part(folder, 't10k', labels) };
}

async function part(folder: string, name: string, classes: readonly string[]): Promise<RawImages> {
  const pictures = await opened(join(folder, `${name}-images-idx3-ubyte.gz`), picturesMagic);
  const labels = await opened(join(folder, `${name}-labels-idx1-ubyte.gz`), labelsMagic);
  const [count, height, width] = [4, 8, 12].map((at) => pictures.readUInt32BE(at)) as [
    number,
    number,
    number,
  ];
  const grey = pictures.subarray(16);
  const rgba = new Uint8Array(4 * grey.length);
  for (let i = 0, at = 0; i < grey.length; i++, at += 4) {
    const value = grey[i]!;
    rgba[at] = value;
    rgba[at + 1] = value;
    rgba[at + 2] = value;
    rgba[at + 3] = 255;
  }
  const image = { width, height: count * height, rgba };
  return {
    kind: 'image',
    classes,
    images: Array.from(
      { length: count },
      (_, i): ImageRegion => ({ image, left: 0, top: i * height, width, height }),
    ),
    labels: Int32Array.from(labels.subarray(8)),
  };
}

async function opened(path: string, magic: number): Promise<Buffer> {
  const bytes = gunzipSync(await readFile(path));
  if (bytes.readUInt32BE(0) === magic) return bytes;
  throw new UsageError(`--data: ${path} is no file of the IDX format.`);
}
