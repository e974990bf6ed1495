import { labelMapOf, SampleSums, tensorsOf } from '../closed-form/index.ts';
import { batches } from '../data/batches.ts';
import { type Dataset, sampleCount } from '../data/datasets/index.ts';
import { StrataError } from '../protocol/errors.ts';
import type { SumOptions, SumResult } from './jobs.ts';
import { nonFinite } from './non-finite.ts';
import { runPrefix } from './prefix/prefix.ts';
import { betweenBatches, type Job } from './progress.ts';
import { requireSamples, type Workplace } from './workplace.ts';

/** A forward pass is about a third of a step: a bound on the batches of an epoch allows as many more here. */
const passesAStep = 3;

/** Sums over samples of what enters the head, and of its labels. Nothing is trained. */
export async function* sumFeatures(
  { engine }: Workplace,
  data: Dataset,
  { batchSize, maxBatches, seed, control }: SumOptions,
): Job<SumResult> {
  const map = labelMapOf(engine.layout);
  if (map === null) throw noMap();
  const all = Math.ceil(sampleCount(data) / batchSize);
  const expected = maxBatches > 0 ? Math.min(all, passesAStep * maxBatches) : all;
  const sums = new SampleSums(map);
  for (const batch of batches(data, { batchSize, seed, maxBatches: expected })) {
    await betweenBatches(control);
    if (batch.targets.kind !== 'classes') throw noMap();
    const entering = runPrefix(engine, batch, engine.stages.length - 1);
    const features = engine.features(entering, map);
    entering.dispose();
    try {
      sums.add(await engine.values(features), batch.targets.ids); // (B, D), (B)
    } finally {
      features.dispose();
    }
    yield { fraction: Math.min(1, sums.samples / (expected * batchSize)) };
  }
  if (sums.samples === 0) requireSamples([]);
  const update = tensorsOf(map, sums.means());
  if (!update.every(({ data }) => data.every(Number.isFinite))) throw nonFinite('The sums over the features');
  return { update, samples: sums.samples };
}

const noMap = () =>
  new StrataError(
    'bad-config',
    'This model has no head that can be computed from sums over samples.',
    'Set local.head.warmUp.kind to trained: the person who runs it can make a new one.',
  );
