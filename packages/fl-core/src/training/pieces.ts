import type { Batch } from '../models/batch.ts';
import { sliceTargets } from '../models/targets.ts';

/** A batch cut into pieces of `size` samples, the last one smaller if need be; itself when it is no larger. */
export function piecesOf(batch: Batch, size: number): Batch[] {
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`pieces of ${size} samples`);
  if (batch.size <= size) return [batch];
  return Array.from({ length: Math.ceil(batch.size / size) }, (_, k) =>
    rows(batch, k * size, Math.min(batch.size, (k + 1) * size)),
  );
}

/** Samples `from` to `to`; texts keep the padded length, so that the pieces have one shape. */
function rows(batch: Batch, from: number, to: number): Batch {
  const size = to - from;
  const targets = sliceTargets(batch.targets, from, to);
  switch (batch.kind) {
    case 'image': {
      const stride = batch.side * batch.side * 3;
      return { ...batch, size, targets, pixels: batch.pixels.subarray(from * stride, to * stride) };
    }
    case 'text': {
      const { length, ids, segments, lengths } = batch;
      return {
        ...batch,
        size,
        targets,
        ids: ids.subarray(from * length, to * length),
        ...(segments ? { segments: segments.subarray(from * length, to * length) } : {}),
        lengths: lengths.subarray(from, to),
      };
    }
    default:
      return batch satisfies never;
  }
}
