import { argMax, cast, dispose, equal, stack, sum, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { batches } from '../data/batches.ts';
import { type Dataset, sampleCount } from '../data/dataset.ts';
import { runPrefix } from './activation.ts';
import type { EvaluateOptions, EvaluateResult } from './jobs.ts';
import { crossEntropy } from './loss.ts';
import { blame } from './non-finite.ts';
import { betweenBatches, type Job } from './progress.ts';
import type { Workplace } from './workplace.ts';

/** Loss and accuracy of the global model over all samples, in order, with no gradient; zeros for no samples. */
export async function* evaluate(
  { model, weights }: Workplace,
  data: Dataset,
  { batchSize, control }: EvaluateOptions,
): Job<EvaluateResult> {
  const parameters = weights.parameters();
  const total = sampleCount(data);
  let seen = 0;
  let loss = 0;
  let correct = 0;
  for (const batch of batches(data, { batchSize })) {
    await betweenBatches(control);
    const { x: logits, mask } = runPrefix(model, parameters, batch, model.stages.length); // (B, C)
    const both = tidy(() => {
      const hits = equal(argMax(logits, 1), tensor1d(batch.labels, 'int32'));
      return stack([crossEntropy(logits, batch.labels), sum(cast(hits, 'float32'))]);
    });
    dispose(mask === undefined ? logits : [logits, mask]);
    try {
      const [batchLoss = Number.NaN, hits = 0] = await both.data<'float32'>();
      if (!Number.isFinite(batchLoss)) {
        throw await blame(model, parameters, batch, `evaluation, samples ${seen + 1} and after`);
      }
      loss += batchLoss * batch.size;
      correct += hits;
      seen += batch.size;
      yield { fraction: seen / total, loss: batchLoss };
    } finally {
      dispose(both);
    }
  }
  return { loss: loss / Math.max(1, total), accuracy: correct / Math.max(1, total), samples: total };
}
