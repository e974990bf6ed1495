import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../data/datasets/index.ts';
import { initialLayer, layoutOf, loadModel, selectableLayers, specFromConfig } from '../models/index.ts';
import { LocalConfig } from '../protocol/local-config.ts';
import { random } from '../random.ts';
import { chooseBackend } from './backend.ts';
import { finish } from './progress.ts';
import { Trainer } from './trainer.ts';

/** Models as an imported `config.json` describes them, in the hands of the trainer. */

const classes = 3;
const side = 16;

/** Texts of 3 to 7 words, each class with ten words of its own. */
function texts(samples: number): Dataset {
  const source = random('imported texts');
  const labels = Int32Array.from({ length: samples }, (_, i) => i % classes);
  const tokens = Array.from(labels, (label) =>
    Int32Array.from({ length: 3 + source.below(5) }, () => 10 + 10 * label + source.below(10)),
  );
  return { kind: 'text', tokens, labels };
}

/** Images whose mean colour tells their class. */
function images(samples: number): Dataset {
  const source = random('imported images');
  const labels = Int32Array.from({ length: samples }, (_, i) => i % classes);
  const pixels = Uint8Array.from({ length: samples * side * side * 3 }, (_, i) => {
    const label = labels[Math.floor(i / (side * side * 3))];
    return (i % 3 === label ? 140 : 60) + source.below(60);
  });
  return { kind: 'image', side, pixels, labels };
}

const fixtures: readonly (readonly [string, Dataset])[] = [
  ['vit/fixtures/deit', images(18)],
  ['clip/fixtures/clip', images(18)],
  ['clip/fixtures/patches', images(18)],
  ['bert/fixtures/bert', texts(18)],
  ['roberta/fixtures/xlm-roberta', texts(18)],
  ['distilbert/fixtures/distilbert', texts(18)],
  ['gpt2/fixtures/classifier', texts(18)],
];

describe('imported models on wasm', () => {
  beforeAll(async () => {
    await chooseBackend({ force: 'wasm' });
  });

  it.each(fixtures)('%s learns with one half block and the head, and C4 holds', async (folder, data) => {
    const config = readFileSync(
      new URL(`../models/architectures/${folder}/config.json`, import.meta.url),
      'utf8',
    );
    const spec = specFromConfig(JSON.parse(config), { id: folder, granularity: 'sublayer' });
    const layout = layoutOf(spec, classes);
    const trainer = new Trainer(await loadModel(spec, { classes, side }));
    const weights = new Map(layout.layers.map(({ name }) => [name, initialLayer(spec, layout, name, 1)]));
    for (const [layer, values] of weights) trainer.setLayer(layer, values);
    const blocks = selectableLayers(layout);
    expect(blocks).toContain('blocks.1.attention');
    const before = await finish(trainer.evaluate(data, { batchSize: 16 }));
    const tensors = tf.memory().numTensors;
    const local = LocalConfig.parse({
      epochs: 12,
      batchSize: 6,
      optimizer: { name: 'adamw', learningRate: 0.01 },
    });
    const layers = ['blocks.1.attention', 'head'];
    const { update } = await finish(trainer.train(data, { layers, local, seed: 1, prefixCacheBytes: 0 }));
    expect(tf.memory().numTensors).toBe(tensors);
    const deltas = new Map(update.map((t) => [t.name, t.data]));
    for (const layer of layers) {
      const values = weights.get(layer)!;
      expect(values.every(({ name }) => deltas.has(name))).toBe(true);
      trainer.setLayer(
        layer,
        values.map((t) => ({ ...t, data: t.data.map((v, i) => v + deltas.get(t.name)![i]!) })),
      );
    }
    const after = await finish(trainer.evaluate(data, { batchSize: 16 }));
    expect(after.loss).toBeLessThan(0.8 * before.loss);
    trainer.dispose();
  });
});
