import type { Batch, ImageBatch, TextBatch } from '../models/batch.ts';
import { classTargets, type Targets } from '../models/targets.ts';
import { random } from '../random.ts';
import { allIndices } from './class-counts.ts';
import type { Dataset, ImageDataset, TokenDataset } from './dataset.ts';
import { gatherImages, gatherRows } from './subset.ts';

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

function assemble(dataset: Dataset, rows: readonly number[]): Batch {
  switch (dataset.kind) {
    case 'image':
      return imageBatch(dataset, rows);
    case 'text':
    case 'label-sets':
    case 'passages':
      return textBatch(dataset, rows);
    default:
      return dataset satisfies never;
  }
}

const classesOf = (labels: Int32Array, rows: readonly number[]): Targets =>
  classTargets(Int32Array.from(rows, (i) => labels[i]!)); // (B)

function imageBatch(dataset: ImageDataset, rows: readonly number[]): ImageBatch {
  return {
    kind: 'image',
    size: rows.length,
    side: dataset.side,
    pixels: gatherImages(dataset, rows), // (B, side, side, 3)
    targets: classesOf(dataset.labels, rows),
  };
}

function textBatch(dataset: TokenDataset, rows: readonly number[]): TextBatch {
  const lengths = Int32Array.from(rows, (i) => dataset.tokens[i]!.length); // (B)
  const length = bucketOf(lengths.reduce((a, b) => Math.max(a, b), 0));
  /** Rows of different length side by side, (B, T). */
  const padded = (of: readonly (Int32Array | Uint8Array)[], skip = 0, padding = 0) => {
    const out = new Int32Array(rows.length * length).fill(padding);
    rows.forEach((i, row) => {
      out.set(of[i]!.subarray(skip), row * length);
    });
    return out;
  };
  const shared = { kind: 'text', size: rows.length, length, ids: padded(dataset.tokens), lengths } as const;
  switch (dataset.kind) {
    case 'text':
      return {
        ...shared,
        ...(dataset.segments ? { segments: padded(dataset.segments) } : {}),
        targets: classesOf(dataset.labels, rows),
      };
    case 'label-sets': {
      const { classes, flags } = dataset;
      return { ...shared, targets: { kind: 'label-sets', classes, flags: gatherRows(flags, classes, rows) } };
    }
    case 'passages':
      return { ...shared, targets: { kind: 'next-tokens', length, ids: padded(dataset.tokens, 1, -1) } };
    default:
      return dataset satisfies never;
  }
}
