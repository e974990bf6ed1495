import { batches } from '../data/batches.ts';
import { type Dataset, sampleCount } from '../data/datasets/index.ts';
import type { Batch } from '../models/batch.ts';
import { termsOf } from '../models/targets.ts';
import { StrataError } from '../protocol/errors.ts';
import type { LocalConfig } from '../protocol/local-config.ts';
import { stepsAnEpoch } from '../protocol/privacy-config.ts';
import type { NamedTensor } from '../protocol/safetensors.ts';
import { random } from '../random.ts';
import type { TrainedState, TrainedView } from './engine.ts';
import type { TrainOptions, TrainResult } from './jobs.ts';
import { shallowestStage, tensorNames } from './layers.ts';
import { fitMemory } from './memory/fit.ts';
import { halved, type MemoryPlan } from './memory/plan.ts';
import { nonFinite } from './non-finite.ts';
import { identityOf, Prefix } from './prefix/prefix.ts';
import { betweenBatches, type Job } from './progress.ts';
import { positionOf, rateAt } from './schedule.ts';
import { SelectiveSteps } from './step.ts';
import type { GlobalWeights } from './weights.ts';
import { requireSamples, type Workplace } from './workplace.ts';

/**
 * The samples of every batch are the same in all epochs and rounds, and only their order changes: so activations
 * below the shallowest trained layer can be kept as long as nobody changes those layers (C3).
 */
const composition = 0;

/** Where a training whose device is lost goes on: after its last whole epoch; null before that. */
export interface Resumption {
  last: { readonly epoch: number; readonly state: TrainedState; readonly plan: MemoryPlan } | null;
}

/**
 * Local training of some layers, on a copy of their tensors: the global weights stay as they are. After every epoch it
 * leaves in `resumption`, if there is one, what it needs to go on from there, and it begins with what is there.
 */
export async function* train(
  { engine, weights, cache, footprints }: Workplace,
  data: Dataset,
  options: TrainOptions,
  resumption: Resumption | null = null,
): Job<TrainResult> {
  const { layers, local, seed, control, span = [0, 1] } = options;
  const cut = shallowestStage(engine.stages, layers);
  const names = tensorNames(engine.layout, layers);
  const chosen = compose(data, local, seed);
  requireSamples(chosen.map(({ batch }) => batch));
  const total = local.epochs * chosen.length;
  const training = engine.training(layers, local);
  const place = `${identityOf(data)}/${local.batchSize}`;
  const prefix = new Prefix(engine, weights, cache, cut, place);
  const steps = new SelectiveSteps({ engine, training, prefix });
  let done = 0;
  let loss = 0;
  try {
    let plan = fitMemory(
      { footprints, engine, steps, training, prefix, batches: chosen.map((c) => c.batch), local },
      options,
    );
    let finished = 0;
    const last = resumption?.last ?? null;
    if (last !== null) {
      training.restore(last.state);
      finished = last.epoch;
      done = finished * chosen.length;
      if (last.plan.reduced) plan = last.plan;
      prefix.allow(plan.cacheBytes);
    }
    let enough = false;
    for (let epoch = finished + 1; epoch <= local.epochs && !enough; epoch++) {
      let sum = 0;
      let terms = 0;
      // 'pass' is part of what a seed means; another word would give other bytes.
      const order = random(seed, 'pass', epoch).shuffle(chosen);
      for (const [i, { batch, index }] of order.entries()) {
        await betweenBatches(control);
        enough = done > 0 && control?.enough?.() === true;
        if (enough) break;
        const rate = rateAt(local.schedule, positionOf(span, done, total));
        const take = () => steps.take(batch, String(index), plan, rate, `epoch ${epoch}, batch ${i + 1}`);
        let value: number | null = null;
        while (value === null) {
          try {
            value = await take();
          } catch (error) {
            if (error instanceof StrataError || !engine.outOfMemory(error)) throw error;
            const less = halved(plan, batch.size, error);
            yield { fraction: done / total, microBatch: { from: plan.microBatch, to: less.microBatch } };
            plan = less;
            prefix.allow(less.cacheBytes);
          }
        }
        const count = termsOf(batch.targets);
        sum += value * count;
        terms += count;
        done += 1;
        yield { fraction: done / total, loss: value };
      }
      if (terms > 0) loss = sum / terms;
      if (resumption !== null && epoch < local.epochs && !enough) {
        resumption.last = { epoch, plan, state: await training.save() };
      }
    }
    const update: NamedTensor[] = [];
    for (const name of names) update.push(await delta(weights, name, training));
    return { update, loss, steps: done, plan };
  } finally {
    training.dispose();
  }
}

interface ChosenBatch {
  readonly batch: Batch;
  /** Its number among all batches of the data. */
  readonly index: number;
}

/** The batches of a round: all, or as many as the configuration allows, drawn by the seed. */
function compose(data: Dataset, { batchSize, maxBatches }: LocalConfig, seed: number): ChosenBatch[] {
  const count = batchCount(data, batchSize);
  const all = Array.from({ length: count }, (_, i) => i);
  const drawn = new Set(maxBatches > 0 ? random(seed, 'round').shuffle(all).slice(0, maxBatches) : all);
  const chosen: ChosenBatch[] = [];
  let index = 0;
  for (const batch of batches(data, { batchSize, seed: composition })) {
    if (drawn.has(index)) chosen.push({ batch, index });
    index += 1;
  }
  return chosen;
}

const batchCount = (data: Dataset, batchSize: number): number => Math.ceil(sampleCount(data) / batchSize);

/** Optimizer steps of a round on this data. */
export const stepsOf = (data: Dataset, local: LocalConfig): number =>
  local.epochs * stepsAnEpoch(local, sampleCount(data));

/** Trained minus global values. Throws `non-finite` when training broke in its last step. */
export async function delta(
  weights: GlobalWeights,
  name: string,
  training: TrainedView,
): Promise<NamedTensor> {
  const { data: before, shape } = weights.value(name);
  const after = await training.read(name);
  // A loop: `from` with a function goes through an iterator, which takes 60 ms for a block of a small ViT.
  const difference = new Float32Array(after.length);
  for (let i = 0; i < difference.length; i++) difference[i] = after[i]! - before[i]!;
  if (!difference.every(Number.isFinite)) throw nonFinite(`After training, tensor ${name}`);
  return { name, shape, data: difference };
}
