import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../data/dataset.ts';
import { LocalConfig } from '../protocol/local-config.ts';
import type { ModelId } from '../protocol/run.ts';
import type { NamedTensor } from '../protocol/safetensors.ts';
import { chooseBackend } from './backend.ts';
import { finish } from './progress.ts';
import { setLayers, toyData } from './testing.ts';
import { catalogModel, modelSide, textData } from './testing-models.ts';
import { Trainer } from './trainer.ts';

function open(id: ModelId) {
  const { model, weights, blocks } = catalogModel(id);
  const trainer = new Trainer(model);
  setLayers(trainer, weights);
  return { trainer, weights, blocks };
}

/** The weights of a layer moved by `factor` times an update. */
function moved(
  weights: readonly NamedTensor[],
  update: readonly NamedTensor[],
  factor: number,
): NamedTensor[] {
  const deltas = new Map(update.map((t) => [t.name, t.data]));
  return weights.map((t) => ({ ...t, data: t.data.map((v, i) => v + factor * deltas.get(t.name)![i]!) }));
}

describe('the models of the catalog on wasm', () => {
  beforeAll(async () => {
    await chooseBackend({ force: 'wasm' });
  });

  it.each<[ModelId, Dataset]>([
    ['vit-nano', toyData(6, 1, modelSide)],
    ['use-lite', textData(6)],
  ])('%s: scores are the slope of the loss along a layer’s gradient', async (id, data) => {
    const { trainer, weights, blocks } = open(id);
    const { scores, loss } = await finish(trainer.probe(data, { batches: 1, batchSize: 6, seed: 1 }));
    const lossNow = async () => (await finish(trainer.evaluate(data, { batchSize: 6 }))).loss;
    expect(await lossNow()).toBeCloseTo(loss, 5);
    for (const layer of [blocks[0]!, blocks.at(-1)!]) {
      const local = LocalConfig.parse({ batchSize: 6, optimizer: { name: 'sgd', learningRate: 1 } });
      const { update } = await finish(trainer.train(data, { layers: [layer], local, seed: 1 })); // -gradient
      const step = 0.02 / Math.sqrt(scores[layer]!);
      trainer.setLayer(layer, moved(weights.get(layer)!, update, -step));
      const up = await lossNow();
      trainer.setLayer(layer, moved(weights.get(layer)!, update, step));
      const down = await lossNow();
      trainer.setLayer(layer, weights.get(layer)!);
      expect(Math.abs((up - down) / (2 * step) / scores[layer]! - 1)).toBeLessThan(0.02);
    }
    trainer.dispose();
  });

  it.each<[ModelId, Dataset]>([
    ['vit-nano', toyData(18, 1, modelSide)],
    ['use-lite', textData(18)],
  ])('%s learns with one block and the head, and C4 holds', async (id, data) => {
    const { trainer, weights, blocks } = open(id);
    const before = await finish(trainer.evaluate(data, { batchSize: 16 }));
    const tensors = tf.memory().numTensors;
    const local = LocalConfig.parse({
      epochs: 6,
      batchSize: 6,
      optimizer: { name: 'adamw', learningRate: 0.001 },
    });
    const layers = [blocks.at(-2)!, 'head'];
    const { update } = await finish(trainer.train(data, { layers, local, seed: 1, prefixCacheBytes: 0 }));
    expect(update.length).toBeGreaterThan(2);
    expect(update.every((t) => t.data.some((v) => v !== 0))).toBe(true);
    expect(tf.memory().numTensors).toBe(tensors);
    for (const layer of layers) {
      const own = new Set(weights.get(layer)!.map((t) => t.name));
      const deltas = update.filter((t) => own.has(t.name));
      trainer.setLayer(layer, moved(weights.get(layer)!, deltas, 1));
    }
    const after = await finish(trainer.evaluate(data, { batchSize: 16 }));
    expect(after.loss).toBeLessThan(0.9 * before.loss);
    expect(after.accuracy).toBeGreaterThan(before.accuracy);
    trainer.dispose();
  });
});
