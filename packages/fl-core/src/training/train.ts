import type { Tensor } from '@tensorflow/tfjs-core';
import { batches } from '../data/batches.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Batch } from '../models/batch.ts';
import type { NamedTensor } from '../protocol/safetensors.ts';
import { random } from '../random.ts';
import type { TrainOptions, TrainResult } from './jobs.ts';
import { nonFinite } from './non-finite.ts';
import { createOptimizer } from './optimizer.ts';
import { PrefixCache } from './prefix-cache.ts';
import { betweenBatches, type Job } from './progress.ts';
import { SelectiveSteps } from './step.ts';
import type { Weights } from './weights.ts';
import { requireSamples, type Workplace } from './workplace.ts';

/** Enough for a few hundred samples of a base-sized model, and little beside what a step takes. */
const defaultCacheBytes = 256 * 1024 * 1024;

/**
 * Local training of some layers. The batches are composed once and only their order changes from pass to pass, so
 * that the activations below the shallowest trained layer, which nothing changes, can be kept from the first
 * pass on (C3). The global weights stay as they are: training works on a copy of the trained tensors.
 */
export async function* train(
  { model, weights }: Workplace,
  data: Dataset,
  options: TrainOptions,
): Job<TrainResult> {
  const { layers, local, seed, control, prefixCacheBytes = defaultCacheBytes } = options;
  const { batchSize, maxBatches, passes } = local;
  const composed = [...batches(data, { batchSize, seed, maxBatches })];
  requireSamples(composed);
  const steps = new SelectiveSteps({
    model,
    globals: weights.parameters(),
    layers,
    optimizer: createOptimizer(local.optimizer),
    cache: new PrefixCache(passes > 1 ? prefixCacheBytes : 0),
  });
  let done = 0;
  let loss = 0;
  try {
    for (let pass = 1; pass <= passes; pass++) {
      let total = 0;
      let samples = 0;
      for (const [index, batch] of ordered(composed, seed, pass)) {
        await betweenBatches(control);
        const value = await steps.take(batch, index, `pass ${pass}, batch ${index + 1}`);
        total += value * batch.size;
        samples += batch.size;
        done += 1;
        yield { fraction: done / (passes * composed.length), loss: value };
      }
      loss = total / samples;
    }
    const update: NamedTensor[] = [];
    for (const name of steps.names) update.push(await delta(weights, name, steps.trained(name)));
    return { update, loss, steps: done };
  } finally {
    steps.dispose();
  }
}

/** The batches of one pass with their numbers: as composed at first, reshuffled in every later pass. */
function ordered(composed: readonly Batch[], seed: number, pass: number): [number, Batch][] {
  const numbered = [...composed.entries()];
  return pass === 1 ? numbered : random(seed, 'pass', pass).shuffle(numbered);
}

/** Trained minus global values. Throws `non-finite` when training broke in its last step. */
async function delta(weights: Weights, name: string, trained: Tensor): Promise<NamedTensor> {
  const { data: before, shape } = weights.value(name);
  const after = await trained.data<'float32'>();
  const difference = Float32Array.from(after, (v, i) => v - before[i]!);
  if (!difference.every(Number.isFinite)) throw nonFinite(`After training, tensor ${name}`);
  return { name, shape, data: difference };
}
