import { batches } from '../data/batches.ts';
import { type ImageDataset, sampleCount, type TextDataset } from '../data/datasets/index.ts';
import type { EvaluateOptions } from './jobs.ts';
import { betweenBatches, type Job } from './progress.ts';
import type { Workplace } from './workplace.ts';

/** The logits of a classifier for each sample in the order of the data, (N), (C) each; labels are not looked at. */
export async function* predict(
  { engine }: Workplace,
  data: ImageDataset | TextDataset,
  { batchSize, control }: EvaluateOptions,
): Job<readonly Float32Array[]> {
  const total = sampleCount(data);
  const rows: Float32Array[] = [];
  let seen = 0;
  // Batches put long texts first: numbers in the place of labels say which sample is which.
  const numbered = { ...data, labels: Int32Array.from(data.labels.keys()) };
  for (const batch of batches(numbered, { batchSize })) {
    await betweenBatches(control);
    const input = engine.input(batch);
    const logits = engine.global.forward(input, 0, engine.stages.length); // (B, C)
    input.dispose();
    try {
      const values = await engine.values(logits);
      const { targets } = batch;
      if (targets.kind !== 'classes') throw new TypeError(`targets of the kind ${targets.kind}`);
      const classes = values.length / batch.size;
      targets.ids.forEach((sample, i) => {
        rows[sample] = values.slice(i * classes, (i + 1) * classes);
      });
    } finally {
      logits.dispose();
    }
    seen += batch.size;
    yield { fraction: seen / total };
  }
  return rows;
}
