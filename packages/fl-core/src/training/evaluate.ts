import { batches } from '../data/batches.ts';
import { type Dataset, sampleCount } from '../data/datasets/index.ts';
import type { Batch } from '../models/batch.ts';
import { termsOf } from '../models/targets.ts';
import type { DeviceScalar, Engine } from './engine.ts';
import type { EvaluateOptions, EvaluateResult } from './jobs.ts';
import { blame } from './non-finite.ts';
import { betweenBatches, type Job } from './progress.ts';
import type { Workplace } from './workplace.ts';

/** Samples of a bounded evaluation are the same every time, so that its figures can be compared. */
const draw = 0;

/** Loss and accuracy of the global model, with no gradient; zeros for no samples. */
export async function* evaluate(
  { engine }: Workplace,
  data: Dataset,
  { batchSize, mostSamples = 0, control }: EvaluateOptions,
): Job<EvaluateResult> {
  const all = sampleCount(data);
  const bounded = mostSamples > 0 && mostSamples < all;
  const options = bounded ? { seed: draw, maxBatches: Math.ceil(mostSamples / batchSize) } : {};
  const expected = bounded ? Math.min(all, batchSize * Math.ceil(mostSamples / batchSize)) : all;
  let seen = 0;
  let terms = 0;
  let loss = 0;
  let correct = 0;
  for (const batch of batches(data, { batchSize, ...options })) {
    await betweenBatches(control);
    const [batchLoss = Number.NaN, hits = 0] = await engine.read(lossAndHits(engine, batch));
    if (!Number.isFinite(batchLoss)) {
      throw await blame(engine, engine.global, batch, `evaluation, samples ${seen + 1} and after`);
    }
    const count = termsOf(batch.targets);
    loss += batchLoss * count;
    correct += hits;
    terms += count;
    seen += batch.size;
    yield { fraction: Math.min(1, seen / expected), loss: batchLoss };
  }
  return { loss: loss / Math.max(1, terms), accuracy: correct / Math.max(1, terms), samples: seen };
}

function lossAndHits(engine: Engine, batch: Batch): DeviceScalar[] {
  const input = engine.input(batch);
  try {
    const logits = engine.global.forward(input, 0, engine.stages.length); // (B, C) or (B, T, V)
    try {
      return [engine.global.loss(logits, batch.targets), engine.global.correct(logits, batch.targets)];
    } finally {
      logits.dispose();
    }
  } finally {
    input.dispose();
  }
}
