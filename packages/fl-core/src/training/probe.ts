import { add, dispose, mul, square, stack, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { batches } from '../data/batches.ts';
import type { Dataset } from '../data/dataset.ts';
import { selectableLayers } from '../models/layout.ts';
import { releaseActivation, runPrefix } from './activation.ts';
import { lossAndGradients, required } from './gradient.ts';
import type { ProbeOptions, ProbeResult } from './jobs.ts';
import { shallowestStage, tensorNames } from './layers.ts';
import { blame, nonFinite } from './non-finite.ts';
import { betweenBatches, type Job } from './progress.ts';
import { requireSamples, takeScalar, type Workplace } from './workplace.ts';

type Gradients = Readonly<Record<string, Tensor>>;

/**
 * Importance of every selectable layer: the squared norm of the gradient of the mean loss over a few batches
 * (Sun et al., arXiv 2408.15600: the norm of the mean gradient). Batches count by their samples. Changes no
 * weight; holds the gradients of one batch and their running mean.
 */
export async function* probe(
  { model, weights }: Workplace,
  data: Dataset,
  options: ProbeOptions,
): Job<ProbeResult> {
  const { batchSize, seed, control } = options;
  const layers = selectableLayers(model.layout);
  const names = tensorNames(model.layout, layers);
  const cut = shallowestStage(model, layers);
  const parameters = weights.parameters();
  const chosen = [...batches(data, { batchSize, seed, maxBatches: options.batches })];
  requireSamples(chosen);
  const samples = chosen.reduce((n, batch) => n + batch.size, 0);

  let mean: Gradients = {};
  let meanLoss = 0;
  try {
    for (const [i, batch] of chosen.entries()) {
      await betweenBatches(control);
      const activation = runPrefix(model, parameters, batch, cut);
      const weight = batch.size / samples;
      try {
        const { loss, gradients } = lossAndGradients(model, parameters, names, activation, cut, batch.labels);
        mean = accumulate(mean, gradients, weight);
        const value = await takeScalar(loss);
        if (!Number.isFinite(value)) throw await blame(model, parameters, batch, `probe batch ${i + 1}`);
        meanLoss += weight * value;
        yield { fraction: (i + 1) / chosen.length, loss: value };
      } finally {
        releaseActivation(activation);
      }
    }
    const norms = await squaredNorms(layers.map((layer) => pick(mean, tensorNames(model.layout, [layer]))));
    const scores = Object.fromEntries(layers.map((layer, i) => [layer, norms[i] ?? Number.NaN]));
    const broken = layers.find((layer) => !Number.isFinite(scores[layer]));
    if (broken !== undefined) throw nonFinite(`In the probe, the gradient of layer ${broken}`);
    return { scores, loss: meanLoss };
  } finally {
    dispose(mean);
  }
}

/** mean + weight * gradients; disposes of both arguments. */
function accumulate(mean: Gradients, gradients: Gradients, weight: number): Gradients {
  const next = Object.entries(gradients).map(([name, gradient]): [string, Tensor] => {
    const old = mean[name];
    const sum = tidy(() => {
      const weighted = mul(gradient, weight);
      return old === undefined ? weighted : add(old, weighted);
    });
    dispose(old === undefined ? gradient : [old, gradient]);
    return [name, sum];
  });
  return Object.fromEntries(next);
}

const pick = (gradients: Gradients, names: readonly string[]) =>
  names.map((name) => required(gradients, name));

/** Sum of squares of each group of tensors, with one read-back for all. */
async function squaredNorms(groups: readonly (readonly Tensor[])[]): Promise<number[]> {
  if (groups.length === 0) return [];
  const norms = tidy(() =>
    stack(groups.map((group) => group.map((t) => sum(square(t))).reduce((a, b) => add(a, b)))),
  );
  try {
    return Array.from(await norms.data<'float32'>());
  } finally {
    dispose(norms);
  }
}
