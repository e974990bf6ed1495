import { dispose, type Tensor } from '@tensorflow/tfjs-core';
import { batches } from '../data/batches.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Batch } from '../models/batch.ts';
import type { NamedTensor } from '../protocol/safetensors.ts';
import { random } from '../random.ts';
import { releaseActivation, runPrefix } from './activation.ts';
import { lossAndGradients, required } from './gradient.ts';
import type { TrainOptions, TrainResult } from './jobs.ts';
import { blame, nonFinite } from './non-finite.ts';
import { createOptimizer } from './optimizer.ts';
import { PrefixCache } from './prefix-cache.ts';
import { betweenBatches, type Job } from './progress.ts';
import { shallowestStage, tensorNames } from './selection.ts';
import type { Weights } from './weights.ts';
import { requireSamples, takeScalar, type Workplace } from './workplace.ts';

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
  const names = tensorNames(model.layout, layers);
  const cut = shallowestStage(model, layers);
  const globals = weights.parameters();
  const { batchSize, maxBatches, passes } = local;
  const composed = [...batches(data, { batchSize, seed, maxBatches })];
  requireSamples(composed);
  const steps = passes * composed.length;

  const optimizer = createOptimizer(local.optimizer);
  const cache = new PrefixCache(passes > 1 && cut > 0 ? prefixCacheBytes : 0);
  let trained: Record<string, Tensor> = {};
  let done = 0;
  let pass = { loss: 0, samples: 0 };
  try {
    for (let number = 0; number < passes; number++) {
      pass = { loss: 0, samples: 0 };
      for (const [index, batch] of ordered(composed, seed, number)) {
        await betweenBatches(control);
        const before = trained;
        const parameters = { ...globals, ...before };
        const cached = cache.get(index);
        const activation = cached ?? runPrefix(model, globals, batch, cut);
        const kept = cached !== undefined || cache.keep(index, activation);
        try {
          const { loss, gradients } = lossAndGradients(
            model,
            parameters,
            names,
            activation,
            cut,
            batch.labels,
          );
          trained = optimizer.step(parameters, gradients);
          dispose(gradients);
          const value = await takeScalar(loss);
          if (!Number.isFinite(value)) {
            const place = `pass ${number + 1}, batch ${index + 1}`;
            throw await blame(model, parameters, batch, place);
          }
          pass = { loss: pass.loss + value * batch.size, samples: pass.samples + batch.size };
          done += 1;
          yield { fraction: done / steps, loss: value };
        } finally {
          dispose(before);
          if (!kept) releaseActivation(activation);
        }
      }
    }
    const update: NamedTensor[] = [];
    for (const name of names) update.push(await delta(weights, name, required(trained, name)));
    return { update, loss: pass.loss / pass.samples, steps: done };
  } finally {
    optimizer.dispose();
    cache.dispose();
    dispose(trained);
  }
}

/** The batches of one pass with their numbers: as composed at first, reshuffled in every later pass. */
function ordered(composed: readonly Batch[], seed: number, pass: number): [number, Batch][] {
  const numbered = [...composed.entries()];
  return pass === 0 ? numbered : random(seed, 'pass', pass).shuffle(numbered);
}

/** Trained minus global values. Throws `non-finite` when training broke in its last step. */
async function delta(weights: Weights, name: string, trained: Tensor): Promise<NamedTensor> {
  const { data: before, shape } = weights.value(name);
  const after = await trained.data<'float32'>();
  const difference = Float32Array.from(after, (v, i) => v - before[i]!);
  if (!difference.every(Number.isFinite)) throw nonFinite(`After training, tensor ${name}`);
  return { name, shape, data: difference };
}
