import { elements, layerBytes, type ModelLayout } from '../../models/layout.ts';
import { StrataError } from '../../protocol/errors.ts';
import type { LocalConfig, OptimizerConfig } from '../../protocol/local-config.ts';
import { findLayer } from '../layers.ts';

/** How the gradient of a batch is computed, from fast and large to slow and small. */
export type Backward =
  /** One tape over all stages from the shallowest trained one. */
  | 'tape'
  /** One stage's tape at a time, run again from its kept input (Chen et al., arXiv 1604.06174). */
  | 'block-wise';

export interface MemoryPlan {
  /** Samples computed at once; their gradients are added up to those of the batch. */
  readonly microBatch: number;
  readonly backward: Backward;
  /** What the prefix cache may take. */
  readonly cacheBytes: number;
  /** The most that training is expected to take, cache included; null when no limit asked for the figure. */
  readonly peakBytes: number | null;
  /** Whether micro-batches were halved because the device ran out of memory all the same. */
  readonly reduced: boolean;
}

/** Bytes that computing so many samples at once takes, or takes at most, from few samples to many; one or more. */
export type Footprint = readonly { readonly samples: number; readonly bytes: number }[];

/** Bytes for another number of samples: along the line between the two next to it, or through the last two. */
export function bytesAt(footprint: Footprint, samples: number): number {
  const next = footprint.findIndex((p) => p.samples >= samples);
  const right = Math.max(1, next < 0 ? footprint.length - 1 : next);
  const to = footprint[right] ?? footprint[0];
  const from = footprint[right - 1];
  if (to === undefined || from === undefined) throw new RangeError('A footprint has one point or more.');
  if (to.samples === from.samples) return to.bytes;
  return from.bytes + ((samples - from.samples) * (to.bytes - from.bytes)) / (to.samples - from.samples);
}

/** What training takes apart from activations, from the layout alone. All in bytes. */
export interface StaticBytes {
  /** Global weights of the whole model. */
  readonly weights: number;
  /** The trained copy. */
  readonly trained: number;
  /** Optimizer state. */
  readonly state: number;
  /** Gradients of a step, and what moving the weights against them takes meanwhile. */
  readonly update: number;
}

export function staticBytes(
  layout: ModelLayout,
  layers: readonly string[],
  { optimizer, clipNorm }: Pick<LocalConfig, 'optimizer' | 'clipNorm'>,
): StaticBytes {
  const specs = layers.map((name) => findLayer(layout, name));
  const trained = sum(specs.map(layerBytes));
  const largestTensor = 4 * Math.max(0, ...specs.flatMap((l) => l.tensors.map((t) => elements(t.shape))));
  const moving = (stateCopies(optimizer) + 2) * largestTensor;
  // A layer's gradients as one vector, and its squares.
  const clipping = clipNorm === null ? 0 : 2 * Math.max(0, ...specs.map(layerBytes));
  return {
    weights: sum(layout.layers.map(layerBytes)),
    trained,
    state: stateCopies(optimizer) * trained,
    update: trained + Math.max(moving, clipping),
  };
}

/** Tensors that an optimizer keeps a parameter. */
function stateCopies(optimizer: OptimizerConfig): number {
  switch (optimizer.name) {
    case 'sgd':
      return optimizer.momentum === 0 ? 0 : 1;
    case 'adamw':
      return 2;
    default:
      return optimizer satisfies never;
  }
}

/**
 * The most bytes that a step takes, without the cache: weights, trained copy and optimizer state stay; on top come
 * the work of one micro-batch, its gradients included (`work`), and the sum of the earlier ones' gradients; or, where
 * that is more, the update.
 * @param batch samples a step.
 */
export function stepBytes(bytes: StaticBytes, work: Footprint, microBatch: number, batch: number): number {
  const { weights, trained, state, update } = bytes;
  const earlier = microBatch < batch ? trained : 0;
  const gradients = earlier + bytesAt(work, microBatch);
  return weights + trained + state + Math.max(gradients, update);
}

/**
 * Time of a step beside that of a whole batch on one tape, as measured on wasm with a ViT of 6 blocks (width 192, 37
 * tokens, batch 8): one halving 1.14, two 1.42; block by block 1.27, with one and two halvings 1.41 and 1.64.
 */
const slowdown = { tape: 1, 'block-wise': 1.3, halving: 1.15 } as const;

/**
 * The fastest way of training that fits. Smaller micro-batches are tried by halves down to one sample.
 * @param work bytes of a micro-batch for each way that was measured.
 * @param cache bytes that the prefix cache would like.
 * @throws StrataError `too-large` with the figures when nothing fits.
 */
export function choosePlan(
  bytes: StaticBytes,
  work: Readonly<Partial<Record<Backward, Footprint>>>,
  batch: number,
  cache: number,
  limit: number,
): MemoryPlan {
  let best: (MemoryPlan & { peakBytes: number; time: number }) | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const backward of ['tape', 'block-wise'] as const) {
    const footprint = work[backward];
    if (footprint === undefined) continue;
    for (let microBatch = batch, halvings = 0; microBatch >= 1; halvings++) {
      const peak = stepBytes(bytes, footprint, microBatch, batch);
      const time = slowdown[backward] * slowdown.halving ** halvings;
      least = Math.min(least, peak);
      if (peak <= limit && (best === null || time < best.time)) {
        const cacheBytes = Math.min(cache, limit - peak);
        best = { microBatch, backward, cacheBytes, peakBytes: peak + cacheBytes, reduced: false, time };
      }
      if (microBatch === 1) break;
      microBatch = Math.ceil(microBatch / 2);
    }
  }
  if (best === null) throw tooLarge(least, limit);
  const { time: _, ...plan } = best;
  return plan;
}

/**
 * The plan after the device ran out of memory on a batch of `size`: half the samples at once, no cache. Throws
 * `too-large` when they were halved before or cannot be.
 */
export function halved(plan: MemoryPlan, size: number, cause: unknown): MemoryPlan {
  const now = Math.min(plan.microBatch, size);
  if (!plan.reduced && now > 1) {
    return { ...plan, microBatch: Math.ceil(now / 2), cacheBytes: 0, reduced: true };
  }
  throw ranOut(now, cause);
}

export const ranOut = (samples: number, cause: unknown): StrataError =>
  new StrataError(
    'too-large',
    `The device ran out of memory while training with ${samples} samples at a time.`,
    'Close other pages and programs, train fewer layers, or choose a smaller model or batch.',
    { cause },
  );

export function tooLarge(needed: number, limit: number): StrataError {
  return new StrataError(
    'too-large',
    `Training these layers takes ${amount(needed)} of memory even with one sample at a time; ` +
      `this device has ${amount(limit)} for it.`,
    'Train fewer or smaller layers, choose a smaller model, or use another device.',
  );
}

/** Bytes for people: 1.65 kB, 31.05 MB, 2.041 GB. */
function amount(bytes: number): string {
  const [unit, name] = bytes < 1e6 ? [1e3, 'kB'] : bytes < 1e9 ? [1e6, 'MB'] : [1e9, 'GB'];
  return `${Number((bytes / unit).toPrecision(4))} ${name}`;
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
