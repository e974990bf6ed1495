/**
 * Makes samples/fashion-mnist: a class-balanced choice of training and test images as one grey sheet.
 * Run: `npm run make:fashion-mnist -w samples -- [FOLDER]`, FOLDER holding the four `*-ubyte.gz` files of
 * Debian's package `dataset-fashion-mnist` (/usr/share/dataset-fashion-mnist) or of Zalando's repository.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { samples } from '@strata/fl-core/data/samples';
import { random } from '@strata/fl-core/random';
import { samplesFolder } from './packages.ts';
import { composeSheet, formatLabels, type SheetSize, writeSheet } from './sheet.ts';

const classes = samples['fashion-mnist'].labels;
const splits = [
  { split: 'train', prefix: 'train', perClass: 400 },
  { split: 'test', prefix: 't10k', perClass: 100 },
] as const;
const size: SheetSize = { tile: 28, columns: 100, channels: 1 };

/** Reads a file in the IDX format of LeCun's MNIST: big-endian dimensions, then unsigned bytes. */
async function readIdx(file: string): Promise<Uint8Array> {
  const bytes = await promisify(gunzip)(await readFile(file));
  const [zero, zeroToo, type, rank = 0] = bytes;
  if (zero !== 0 || zeroToo !== 0 || type !== 8)
    throw new Error(`${file}: not an IDX file of unsigned bytes`);
  const shape = Array.from({ length: rank }, (_, i) => bytes.readUInt32BE(4 + 4 * i));
  const data = bytes.subarray(4 + 4 * rank);
  if (data.length !== shape.reduce((a, b) => a * b, 1)) throw new Error(`${file}: truncated`);
  return data;
}

async function choose(folder: string, { split, prefix, perClass }: (typeof splits)[number]) {
  const images = await readIdx(join(folder, `${prefix}-images-idx3-ubyte.gz`)); // (N, 28, 28)
  const labels = await readIdx(join(folder, `${prefix}-labels-idx1-ubyte.gz`)); // (N)
  const chosen = classes.flatMap((name, label) => {
    const all = Array.from(labels.keys()).filter((i) => labels[i] === label);
    return random('samples/fashion-mnist', split, name).shuffle(all).slice(0, perClass);
  });
  const pixels = size.tile ** 2;
  return chosen
    .sort((a, b) => a - b)
    .map((index) => ({
      tile: images.subarray(index * pixels, (index + 1) * pixels),
      // `index` is the position in the original file.
      item: { index, label: labels[index], split },
    }));
}

const data = process.env.STRATA_TEST_DATA;
const source = process.argv[2] ?? (data ? join(data, 'fashion-mnist') : undefined);
if (source === undefined)
  throw new Error(
    'Name the folder with the files of Fashion-MNIST, or set STRATA_TEST_DATA to the one it is in.',
  );
const chosen = (await Promise.all(splits.map((split) => choose(source, split)))).flat();
const target = join(samplesFolder, 'fashion-mnist');
const sheet = composeSheet(
  chosen.map(({ tile }) => tile),
  size,
);
const bytes = await writeSheet(join(target, 'images.png'), sheet, size);
const head = {
  tile: size.tile,
  columns: size.columns,
  classes,
  sheets: [{ domain: 'fashion-mnist', file: 'images.png' }],
};
await writeFile(
  join(target, 'labels.json'),
  formatLabels(
    head,
    chosen.map(({ item }) => item),
  ),
);
console.log(`images.png: ${chosen.length} images, ${bytes} bytes`);
