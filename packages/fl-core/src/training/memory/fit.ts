import type { Batch } from '../../models/batch.ts';
import type { LocalConfig } from '../../protocol/local-config.ts';
import type { Engine, TrainedView } from '../engine.ts';
import type { TrainOptions } from '../jobs.ts';
import { piecesOf } from '../pieces.ts';
import { type Prefix, runPrefix } from '../prefix/prefix.ts';
import type { SelectiveSteps } from '../step.ts';
import { measureFootprint } from './footprint.ts';
import {
  type Backward,
  bytesAt,
  choosePlan,
  type Footprint,
  type MemoryPlan,
  staticBytes,
  tooLarge,
} from './plan.ts';

/** Enough for a few hundred samples of a base-sized model, and little beside what a step takes. */
const defaultCacheBytes = 256 * 1024 * 1024;

/** What is foretold was within a tenth of what was seen, on images and texts; so a tenth is left free. */
const margin = 1.1;

export interface Fitting {
  readonly footprints: Map<string, Footprint>;
  readonly engine: Engine;
  readonly training: TrainedView;
  readonly steps: SelectiveSteps;
  readonly prefix: Prefix;
  readonly batches: readonly Batch[];
  readonly local: LocalConfig;
}

/**
 * Fits a training into the limit of its options, and sets the prefix cache's budget. Without a limit: whole
 * batches on one tape. With one, a few samples are run forward and backward in each way to see what they take, unless
 * that was seen before.
 * Throws `too-large`.
 */
export function fitMemory(fitting: Fitting, options: TrainOptions): MemoryPlan {
  const { engine, training, prefix, batches, local } = fitting;
  const { memoryBytes } = options;
  const prefixCacheBytes = prefix.cacheable ? (options.prefixCacheBytes ?? defaultCacheBytes) : 0;
  const batchSize = Math.max(...batches.map((b) => b.size));
  if (memoryBytes === undefined) {
    engine.limit(Number.POSITIVE_INFINITY);
    prefix.allow(prefixCacheBytes);
    return {
      microBatch: batchSize,
      backward: 'tape',
      cacheBytes: prefixCacheBytes,
      peakBytes: null,
      reduced: false,
    };
  }
  const bytes = staticBytes(engine.layout, training.layers, local);
  const least = bytes.weights + bytes.trained + bytes.state + bytes.update;
  const usable = memoryBytes / margin;
  if (least > usable) throw tooLarge(least, usable);
  engine.limit(memoryBytes);
  const largest = batches.reduce((a, b) => (volume(b) > volume(a) ? b : a));
  const room = usable - bytes.weights;
  const blockWise = measure(fitting, largest, room, 'block-wise');
  const work: Partial<Record<Backward, Footprint>> = { 'block-wise': blockWise };
  // No stage's tape is larger than what its backward pass takes: an upper bound, so as not to run out of memory here.
  const bound = (engine.stages.length - prefix.cut) * bytesAt(blockWise, 1);
  if (bound <= room) work.tape = measure(fitting, largest, room, 'tape');
  const plan = choosePlan(bytes, work, batchSize, prefixCacheBytes, usable);
  prefix.allow(plan.cacheBytes);
  return plan;
}

function measure(
  { footprints, engine, steps, training }: Fitting,
  batch: Batch,
  room: number,
  backward: Backward,
): Footprint {
  const key = [backward, volume(batch), Math.min(4, batch.size), room, ...training.layers].join(' ');
  const known = footprints.get(key);
  if (known !== undefined) return known;
  upload(engine, batch);
  const footprint = measureFootprint(batch, room, (piece) => {
    try {
      const { result, peak } = engine.metered(() => steps.accumulate(piece, 'measured', 1, backward));
      result.dispose();
      return peak;
    } finally {
      training.discard();
    }
  });
  footprints.set(key, footprint);
  return footprint;
}

/** The first use of the weights uploads them: before anything is counted. */
function upload(engine: Engine, batch: Batch): void {
  const [one = batch] = piecesOf(batch, 1);
  runPrefix(engine, one, 1).dispose();
}

/** Numbers that a sample of the batch consists of: texts are padded to different lengths. */
const volume = (batch: Batch): number => (batch.kind === 'text' ? batch.length : batch.side);
