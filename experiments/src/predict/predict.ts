import { basename } from 'node:path';
import { loadModel, type ReadExport, readExport } from '@strata/fl-core/models';
import { taskNamed } from '@strata/fl-core/tasks';
import { chooseBackend, finish, Trainer } from '@strata/fl-core/training';
import { filesAt } from '../files.ts';
import { exportedFiles } from './exported-files.ts';
import type { PredictOptions } from './options.ts';
import { type LeftOutPlace, type Place, readSamples } from './samples.ts';

export interface Prediction extends Place {
  /** One; of a model of several labels a sample, those that are likelier than not. */
  readonly labels: readonly string[];
  /** Of every label of the model. */
  readonly probabilities: Readonly<Record<string, number>>;
}

export interface Predictions {
  readonly model: string;
  readonly predictions: readonly Prediction[];
  readonly leftOut: readonly LeftOutPlace[];
}

/** Runs the model of an export on files, by the readers and the engine that trained it. */
export async function predict({
  model: path,
  data,
}: Pick<PredictOptions, 'model' | 'data'>): Promise<Predictions> {
  const exported = await exportedFiles(path);
  const model = await readExport(exported, basename(path));
  const { dataset, places, leftOut } = await readSamples(await filesAt(data), model, exported);
  if (places.length === 0) return { model: model.spec.title, predictions: [], leftOut };
  await chooseBackend({ force: 'wasm' });
  const { spec, labels, side, layers } = model;
  const trainer = new Trainer(await loadModel(spec, { classes: labels.length, side }));
  for (const { name, tensors } of layers) trainer.setLayer(name, tensors);
  const rows = await finish(trainer.predict(dataset, { batchSize: 32 }));
  trainer.dispose();
  const predictions = places.map((place, i) => ({ ...place, ...predictionOf(rows[i]!, model) }));
  return { model: spec.title, predictions, leftOut };
}

/** @param logits (C) */
function predictionOf(
  logits: Float32Array,
  { task, labels }: Pick<ReadExport, 'task' | 'labels'>,
): Pick<Prediction, 'labels' | 'probabilities'> {
  const several = taskNamed(task).hub.problem === 'multi_label_classification';
  const shares = several ? Array.from(logits, (v) => 1 / (1 + Math.exp(-v))) : softmax(logits);
  const probabilities = Object.fromEntries(labels.map((label, i) => [label, shares[i]!]));
  const best = shares.indexOf(Math.max(...shares));
  return { labels: labels.filter((_, i) => (several ? logits[i]! > 0 : i === best)), probabilities };
}

function softmax(logits: Float32Array): number[] {
  const most = Math.max(...logits);
  const powers = Array.from(logits, (v) => Math.exp(v - most));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}
