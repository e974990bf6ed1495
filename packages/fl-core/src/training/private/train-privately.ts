import { assemble } from '../../data/batches.ts';
import { type Dataset, sampleCount } from '../../data/datasets/index.ts';
import { elements } from '../../models/layout.ts';
import { ClippedSum, drawSamples, type SampleNoise } from '../../privacy/index.ts';
import type { NamedTensor } from '../../protocol/safetensors.ts';
import type { Engine, TrainedView } from '../engine.ts';
import type { TrainOptions, TrainResult } from '../jobs.ts';
import { findLayer, shallowestStage, tensorNames } from '../layers.ts';
import { fitMemory } from '../memory/fit.ts';
import { type Backward, ranOut } from '../memory/plan.ts';
import { identityOf, Prefix } from '../prefix/prefix.ts';
import { betweenBatches, betweenUnits, type Job } from '../progress.ts';
import { positionOf, rateAt } from '../schedule.ts';
import { SelectiveSteps } from '../step.ts';
import { delta, stepsOf } from '../train.ts';
import { requireSamples, type Workplace } from '../workplace.ts';

export type PrivateOptions = TrainOptions & { readonly privacy: SampleNoise };

/**
 * Local training by DP-SGD (Abadi et al., arXiv 1607.00133): the update, whoever sees it, tells of each sample no more than
 * the Poisson-subsampled Gaussian mechanism does over `steps` steps (towards a sample whose gradients are its own or
 * zeros). Each step draws its samples in secret, a share `batchSize` / n on average, takes their gradients one sample at
 * a time on the engine, clips and sums them here, on a grid and exactly, and adds noise; the run's optimizer, FedProx and
 * `clipNorm` see only that. As many steps as `train` would make. Nothing is drawn from the seed, and nobody's loss but this
 * device's own person should see the result's `loss` and `skipped`: they have no noise.
 */
export async function* trainPrivately(
  { engine, weights, cache, footprints }: Workplace,
  data: Dataset,
  options: PrivateOptions,
): Job<TrainResult> {
  const { layers, local, control, span = [0, 1], privacy } = options;
  const count = sampleCount(data);
  const longest = assemble(data, count === 0 ? [] : [longestOf(data)]);
  requireSamples(count === 0 ? [] : [longest]);
  const cut = shallowestStage(engine.stages, layers);
  const names = tensorNames(engine.layout, layers);
  const sizes = sizesOf(engine, layers);
  const total = stepsOf(data, local);
  const expected = Math.min(local.batchSize, count);
  const training = engine.training(layers, local);
  const prefix = new Prefix(engine, weights, cache, cut, `${identityOf(data)}/sample`);
  const steps = new SelectiveSteps({ engine, training, prefix });
  const breathe = betweenUnits(control);
  let skipped = 0;
  let loss = 0;
  try {
    // The sums in float64 and a sample's gradient are held beside the device's tensors, in the same memory on most.
    const held = 12 * sizes.reduce((a, b) => a + b, 0);
    const { memoryBytes } = options;
    const plan = fitMemory(
      { footprints, engine, steps, training, prefix, batches: [longest], local },
      memoryBytes === undefined ? options : { ...options, memoryBytes: memoryBytes - held },
    );
    const sum = new ClippedSum(sizes, privacy);
    for (let epoch = 1, done = 0; epoch <= local.epochs; epoch++) {
      const seen = { losses: 0, samples: 0 };
      for (; done < (epoch * total) / local.epochs; done++) {
        await betweenBatches(control);
        const before = seen.samples;
        const lossBefore = seen.losses;
        for (const index of drawSamples(count, local.batchSize, privacy.words)) {
          await breathe();
          const one = await gradientOf({ engine, training, steps, names }, data, index, plan.backward);
          if (!sum.add(one.values) || !Number.isFinite(one.loss)) skipped += 1;
          else {
            seen.losses += one.loss;
            seen.samples += 1;
          }
        }
        const noised = sum.release(expected);
        const rate = rateAt(local.schedule, positionOf(span, done, total));
        move(engine, training, new Map(names.map((name, i) => [name, noised[i]!])), rate);
        const drawn = seen.samples - before;
        const fraction = (done + 1) / total;
        yield drawn === 0 ? { fraction } : { fraction, loss: (seen.losses - lossBefore) / drawn };
      }
      loss = seen.samples === 0 ? 0 : seen.losses / seen.samples;
    }
    const update: NamedTensor[] = [];
    for (const name of names) update.push(await delta(weights, name, training));
    return { update, loss, steps: total, plan, skipped };
  } finally {
    training.dispose();
  }
}

interface Bench {
  readonly engine: Engine;
  readonly training: TrainedView;
  readonly steps: SelectiveSteps;
  readonly names: readonly string[];
}

/** The loss of one sample, its own mean where it has several terms, and its gradient, tensor by tensor. */
async function gradientOf(
  { engine, training, steps, names }: Bench,
  data: Dataset,
  index: number,
  backward: Backward,
): Promise<{ loss: number; values: Float32Array[] }> {
  try {
    const scalar = steps.accumulate(assemble(data, [index]), String(index), 1, backward);
    const reading = engine.read([scalar]);
    reading.catch(() => {}); // Waited for below, unless something else throws first.
    const values = await engine.gradientValues(training.take(), names);
    const [loss = Number.NaN] = await reading;
    return { loss, values };
  } catch (error) {
    training.discard();
    if (engine.outOfMemory(error)) throw ranOut(1, error);
    throw error;
  }
}

/** One step of the optimizer on noised gradients. */
function move(
  engine: Engine,
  training: TrainedView,
  noised: ReadonlyMap<string, Float32Array>,
  rate: number,
): void {
  training.add(engine.gradients(noised));
  for (const norm of training.finishGradients()) norm.dispose();
  training.step(rate);
  training.commit();
}

/** How many values the tensors of some layers have, in the order of {@link tensorNames}. */
const sizesOf = ({ layout }: Engine, layers: readonly string[]): number[] => {
  const names = new Set(layers.map((name) => findLayer(layout, name).name));
  return layout.layers
    .filter((l) => names.has(l.name))
    .flatMap((l) => l.tensors.map((t) => elements(t.shape)));
};

/** The sample that takes the most memory. */
function longestOf(data: Dataset): number {
  if (data.kind === 'image') return 0;
  let longest = 0;
  for (const [i, { length }] of data.tokens.entries()) if (length > data.tokens[longest]!.length) longest = i;
  return longest;
}
