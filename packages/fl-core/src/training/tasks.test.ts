import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Dataset, sampleCount } from '../data/dataset.ts';
import type { OwnModelSpec } from '../models/index.ts';
import { LocalConfig } from '../protocol/local-config.ts';
import { chooseBackend } from './backend.ts';
import { finish } from './progress.ts';
import { labelSetData, pairData, passageData, seededModel, smallBert, smallGpt2 } from './testing-tasks.ts';
import { Trainer } from './trainer.ts';

const tasks: readonly (readonly [string, OwnModelSpec, Dataset, number])[] = [
  ['pairs', smallBert, pairData(48), 0.9],
  ['sets of labels', smallBert, labelSetData(48), 0.8],
  ['next tokens', smallGpt2, passageData(32), 0.8],
];

describe('tasks on wasm', () => {
  beforeAll(async () => {
    await chooseBackend({ force: 'wasm' });
  });

  it.each(tasks)('%s: probed, trained and evaluated; C4 holds', async (_, spec, data, least) => {
    const { model, weights, blocks } = seededModel(spec);
    const trainer = new Trainer(model);
    for (const [layer, values] of weights) trainer.setLayer(layer, values);
    const before = await finish(trainer.evaluate(data, { batchSize: 16 }));
    expect(before.samples).toBe(sampleCount(data));
    const tensors = tf.memory().numTensors;
    const { scores, loss } = await finish(trainer.probe(data, { batches: 100, batchSize: 16, seed: 1 }));
    expect(Object.keys(scores)).toEqual(blocks);
    expect(Object.values(scores).every((score) => score > 0)).toBe(true);
    expect(loss).toBeCloseTo(before.loss, 4);
    const local = LocalConfig.parse({
      epochs: 40,
      batchSize: 8,
      optimizer: { name: 'adamw', learningRate: 0.005 },
    });
    const layers = [...blocks, 'head'];
    const { update } = await finish(trainer.train(data, { layers, local, seed: 1, prefixCacheBytes: 0 }));
    expect(tf.memory().numTensors).toBe(tensors);
    const deltas = new Map(update.map((t) => [t.name, t.data]));
    for (const layer of layers) {
      const moved = weights
        .get(layer)!
        .map((t) => ({ ...t, data: t.data.map((v, i) => v + deltas.get(t.name)![i]!) }));
      trainer.setLayer(layer, moved);
    }
    const after = await finish(trainer.evaluate(data, { batchSize: 16 }));
    expect(after.loss).toBeLessThan(0.5 * before.loss);
    expect(after.accuracy).toBeGreaterThan(least);
    trainer.dispose();
  });

  it('the mean is over tokens, whatever the batches: long and short passages side by side', async () => {
    const { model, weights } = seededModel(smallGpt2);
    const trainer = new Trainer(model);
    for (const [layer, values] of weights) trainer.setLayer(layer, values);
    const data = passageData(13);
    const evaluate = (batchSize: number) => finish(trainer.evaluate(data, { batchSize }));
    const [one, all] = [await evaluate(1), await evaluate(13)];
    expect(one.loss).toBeCloseTo(all.loss, 5);
    expect(one.accuracy).toBeCloseTo(all.accuracy, 10);
    trainer.dispose();
  });
});
