import * as tf from '@tensorflow/tfjs-core';
import * as library from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../data/dataset.ts';
import { loadModel, selectableLayers } from '../models/index.ts';
import { drawnWeights, exampleModels, saveModel, specOfSaved } from '../models/layers-model/testing.ts';
import { LocalConfig } from '../protocol/local-config.ts';
import { random } from '../random.ts';
import { chooseBackend } from './backend.ts';
import { finish } from './progress.ts';
import { Trainer } from './trainer.ts';

/** LayersModels in the hands of the trainer: probe, selective training and evaluation, as for any architecture. */

const side = 12;
const classes = 3;
const examples = exampleModels(library);

/** Images whose mean brightness and colour tell their class. */
function images(samples: number): Dataset {
  const source = random('layers model data');
  const labels = Int32Array.from({ length: samples }, (_, i) => i % classes);
  const pixels = Uint8Array.from({ length: samples * side * side * 3 }, (_, i) => {
    const label = labels[Math.floor(i / (side * side * 3))]!;
    return (i % 3 === label ? 120 : 20) + 30 * label + source.below(40);
  });
  return { kind: 'image', side, pixels, labels };
}

beforeAll(async () => {
  await chooseBackend({ force: 'wasm' });
});

async function prepared(name: keyof typeof examples) {
  const spec = specOfSaved(await saveModel(library, examples[name]()));
  const model = await loadModel(spec, { classes, side });
  const values = new Map(drawnWeights(model.layout).map((t) => [t.name, t]));
  const trainer = new Trainer(model);
  for (const layer of model.layout.layers) {
    trainer.setLayer(
      layer.name,
      layer.tensors.map((t) => values.get(t.name)!),
    );
  }
  return { trainer, model, values };
}

const local = LocalConfig.parse({
  epochs: 15,
  batchSize: 6,
  optimizer: { name: 'adamw', learningRate: 0.01 },
});

describe.each(['plain', 'residual', 'convolutional'] as const)('a LayersModel (%s)', (name) => {
  it('learns with one layer and the head, its statistics stay, and no tensor is left (C4)', async () => {
    const { trainer, model, values } = await prepared(name);
    const data = images(18);
    const block = selectableLayers(model.layout).at(-1)!;
    const layers = [block, 'head'];
    const before = await finish(trainer.evaluate(data, { batchSize: 6 }));
    const tensors = tf.memory().numTensors;
    const options = { layers, local, seed: 1, prefixCacheBytes: 0 };
    const { update } = await finish(trainer.train(data, options));
    expect(tf.memory().numTensors).toBe(tensors);
    const trained = model.layout.layers.filter((l) => layers.includes(l.name));
    expect(update.map((t) => t.name)).toEqual(trained.flatMap((l) => l.tensors.map((t) => t.name)));
    expect(update.some((t) => /moving|frozen/.test(t.name))).toBe(false);
    for (const layer of trained) {
      trainer.setLayer(
        layer.name,
        layer.tensors.map((t) => {
          const delta = update.find((u) => u.name === t.name)!.data;
          const old = values.get(t.name)!;
          return { ...old, data: old.data.map((v, i) => v + delta[i]!) };
        }),
      );
    }
    const after = await finish(trainer.evaluate(data, { batchSize: 6 }));
    expect(after.loss).toBeLessThan(0.95 * before.loss);
    await finish(trainer.train(data, { ...options, seed: 2 }));
    expect(tf.memory().numTensors).toBe(tensors);
    trainer.dispose();
  });

  it('gets a score for every selectable layer, and the same update with and without cached activations', async () => {
    const { trainer, model } = await prepared(name);
    const data = images(12);
    const { scores } = await finish(trainer.probe(data, { batches: 2, batchSize: 6, seed: 1 }));
    expect(Object.keys(scores)).toEqual(selectableLayers(model.layout));
    expect(Object.values(scores).every((score) => score > 0)).toBe(true);
    const options = { layers: ['head'], local: { ...local, epochs: 3 }, seed: 3 };
    const plain = await finish(trainer.train(data, { ...options, prefixCacheBytes: 0 }));
    const cached = await finish(trainer.train(data, { ...options, prefixCacheBytes: 2 ** 22 }));
    expect(trainer.cachedBytes).toBeGreaterThan(0);
    expect(cached.update).toEqual(plain.update);
    trainer.dispose();
  });
});
