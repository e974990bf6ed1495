import type { Batch, ImageBatch, TextBatch } from '../models/batch.ts';
import { random } from '../random.ts';
import { allIndices } from './class-counts.ts';
import { gatherImages } from './datasets/image.ts';
import { type Dataset, type ImageDataset, type TokenDataset, viewOf } from './datasets/index.ts';
import { padRows } from './datasets/rows.ts';

export interface BatchOptions {
  /** Samples a batch; at most one batch of an epoch, the remainder, is smaller. */
  readonly batchSize: number;
  /** Shuffles samples and batches; without it the order is that of the data. */
  readonly seed?: number;
  /** Stops after so many batches; 0 or absent: one whole epoch. */
  readonly maxBatches?: number;
}

const shortestBucket = 8;

/**
 * One epoch over the data: every sample exactly once, in ceil(N / batchSize) batches, made one at a time as they
 * are asked for.
 *
 * Text is padded to the next power of two (8, 16, 32, ...), so that few distinct shapes occur: buffers of a
 * GPU backend are pooled by exact size. Rows of one bucket share a batch; the leftovers of all buckets are
 * merged, longest first. The order of batches is shuffled after grouping, so that each sample is as likely as
 * any other to be in the first `maxBatches`.
 *
 * @throws RangeError for a batch size that is not a positive integer.
 */
export function* batches(dataset: Dataset, options: BatchOptions): Generator<Batch, void, undefined> {
  const { batchSize, seed, maxBatches = 0 } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1) throw new RangeError(`batch size ${batchSize}`);
  const rng = seed === undefined ? undefined : random(seed, 'batches');
  const order = rng ? rng.shuffle(allIndices(dataset)) : allIndices(dataset);
  const groups =
    dataset.kind === 'image' ? chunk(order, batchSize) : groupByLength(dataset, order, batchSize);
  const planned = rng ? rng.shuffle(groups) : groups;
  for (const rows of maxBatches > 0 ? planned.slice(0, maxBatches) : planned) yield assemble(dataset, rows);
}

/** Padded length of a text of `length` tokens: the next power of two, at least 8. */
export function bucketOf(length: number): number {
  let bucket = shortestBucket;
  while (bucket < length) bucket *= 2;
  return bucket;
}

/** Sample indices of each batch: full ones of a single bucket, then the leftovers from long to short. */
function groupByLength(dataset: TokenDataset, order: readonly number[], batchSize: number): number[][] {
  const buckets = new Map<number, number[]>();
  const full: number[][] = [];
  for (const i of order) {
    const bucket = bucketOf(dataset.tokens[i]!.length);
    const rows = [...(buckets.get(bucket) ?? []), i];
    if (rows.length === batchSize) full.push(rows);
    buckets.set(bucket, rows.length === batchSize ? [] : rows);
  }
  const leftovers = [...buckets].sort(([a], [b]) => b - a).flatMap(([, rows]) => rows);
  return [...full, ...chunk(leftovers, batchSize)];
}

function chunk(indices: readonly number[], size: number): number[][] {
  return Array.from({ length: Math.ceil(indices.length / size) }, (_, k) =>
    indices.slice(k * size, (k + 1) * size),
  );
}

/** These samples as one batch, texts padded as in {@link batches}. */
export function assemble(dataset: Dataset, rows: readonly number[]): Batch {
  return dataset.kind === 'image' ? imageBatch(dataset, rows) : textBatch(dataset, rows);
}

function imageBatch(dataset: ImageDataset, rows: readonly number[]): ImageBatch {
  const { side } = dataset;
  return {
    kind: 'image',
    size: rows.length,
    side,
    pixels: gatherImages(dataset, rows), // (B, side, side, 3)
    targets: viewOf(dataset).targets(rows, side),
  };
}

function textBatch(dataset: TokenDataset, rows: readonly number[]): TextBatch {
  const { tokens } = dataset;
  const lengths = Int32Array.from(rows, (i) => tokens[i]!.length); // (B)
  const length = bucketOf(lengths.reduce((a, b) => Math.max(a, b), 0));
  return {
    kind: 'text',
    size: rows.length,
    length,
    ids: padRows(tokens, rows, length),
    lengths,
    ...('segments' in dataset && dataset.segments
      ? { segments: padRows(dataset.segments, rows, length) }
      : {}),
    targets: viewOf(dataset).targets(rows, length),
  };
}
