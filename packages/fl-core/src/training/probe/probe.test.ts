import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ImageDataset } from '../../data/datasets/index.ts';
import { subset } from '../../data/datasets/subset.ts';
import { layerBytes } from '../../models/layout.ts';
import { chooseBackend } from '../backend.ts';
import type { ProbeOptions } from '../jobs.ts';
import { finish } from '../progress.ts';
import { plainGradient, setLayers, toyData, toyModel, toyOf, toyTensors } from '../testing.ts';
import { BytesMeter } from '../tfjs/bytes-meter.ts';
import { Trainer } from '../trainer.ts';

const weights = toyTensors();
const blocks = ['block0', 'block1', 'block2'];
const options: ProbeOptions = { batches: 10, batchSize: 3, seed: 4 };

/** The same in float64 by finite differences, the formula written out. */
const plain = {
  'mean-square'(data: ImageDataset, layer: string): number {
    const gradient = plainGradient(weights, data, layer).flat();
    return gradient.reduce((sum, g) => sum + g * g, 0) / gradient.length;
  },
  decrease(data: ImageDataset, layer: string): number {
    const gradient = plainGradient(weights, data, layer).flat();
    return gradient.reduce((sum, g) => sum + Math.abs(g), 0);
  },
  rgn(data: ImageDataset, layer: string): number {
    const gradient = plainGradient(weights, data, layer).flat();
    const parameters = weights.get(layer)!.flatMap((t) => [...t.data]);
    return Math.hypot(...gradient) / Math.hypot(...parameters);
  },
  snr(data: ImageDataset, layer: string): number {
    const n = data.labels.length;
    const each = Array.from({ length: n }, (_, i) => plainGradient(weights, subset(data, [i]), layer).flat());
    const ratios = each[0]!.map((_, k) => {
      const mean = each.reduce((s, g) => s + g[k]!, 0) / n;
      const variance = each.reduce((s, g) => s + (g[k]! - mean) ** 2, 0) / (n - 1);
      return mean ** 2 / (variance + 1e-6 * mean ** 2 + 1e-12);
    });
    return ratios.reduce((a, b) => a + b) / ratios.length;
  },
};

describe.each(['cpu', 'wasm'] as const)('probe on %s', (backend) => {
  let trainer: Trainer;
  beforeAll(async () => {
    await chooseBackend({ force: backend });
  });
  beforeEach(() => {
    const tensors = tf.memory().numTensors;
    trainer = new Trainer(toyModel);
    setLayers(trainer, weights);
    return () => {
      trainer.dispose();
      expect(tf.memory().numTensors, 'tensors left behind').toBe(tensors);
    };
  });

  it.each(['mean-square', 'decrease', 'rgn', 'snr'] as const)(
    '%s agrees with finite differences in float64',
    async (score) => {
      const data = toyData(8); // batches of 3, 3 and 2
      const { scores } = await finish(trainer.probe(data, { ...options, score }));
      for (const layer of blocks) {
        expect(Math.abs(scores[layer]! / plain[score](data, layer) - 1), layer).toBeLessThan(2e-4);
      }
    },
  );

  it.each(['squared-norm', 'snr'] as const)(
    '%s is the same when the inputs of the stages are computed again',
    async (score) => {
      const kept = await finish(trainer.probe(toyData(8), { ...options, score }));
      // Room for none, and for the inputs of one batch of 3 x 6 numbers at four stages and a half.
      for (const activationBytes of [0, 4.5 * 4 * 3 * 6]) {
        const again = await finish(trainer.probe(toyData(8), { ...options, score, activationBytes }));
        expect(again).toEqual(kept);
      }
    },
  );

  it('refuses the ratio of signal to noise of one sample', async () => {
    const job = trainer.probe(toyData(1), { ...options, score: 'snr' });
    await expect(finish(job)).rejects.toMatchObject({ code: 'bad-request' });
  });

  it('C4: leaves nothing behind wherever it is given up', async () => {
    await finish(trainer.evaluate(toyData(8), { batchSize: 4 }));
    const before = tf.memory().numTensors;
    let units = 0;
    for await (const _ of trainer.probe(toyData(8), options)) units += 1;
    expect(units).toBe(3 * 5);
    for (let stop = 1; stop <= units; stop += 2) {
      let seen = 0;
      for await (const _ of trainer.probe(toyData(8), options)) if (++seen === stop) break;
      expect(tf.memory().numTensors).toBe(before);
    }
    const controller = new AbortController();
    const control = { signal: controller.signal };
    const aborted = finish(trainer.probe(toyData(8), { ...options, control }), ({ fraction }) => {
      if (fraction > 0.6) controller.abort(new Error('enough'));
    });
    await expect(aborted).rejects.toThrow('enough');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('holds the gradients of one layer at a time, not of all', async () => {
    const depth = 16;
    const { model, layout } = toyOf({ width: 64, depth });
    const wide = new Trainer(model);
    setLayers(wide, toyTensors(layout));
    const data = toyData(4);
    await finish(wide.evaluate(data, { batchSize: 4 })); // Uploads the weights.
    const layer = layerBytes(layout.layers[1]!);
    const activations = 2 * (depth + 2 + 4) * 4 * 2 * 64;
    // The mean, the gradient that is added, and their sum; the parts of a step; the variance as well, and its parts.
    for (const [score, copies] of [
      ['squared-norm', 3],
      ['mean-square', 3],
      ['decrease', 4],
      ['rgn', 3],
      ['snr', 6],
    ] as const) {
      const meter = new BytesMeter();
      await finish(wide.probe(data, { batches: 2, batchSize: 2, seed: 1, score }));
      meter.stop();
      expect(meter.now).toBe(0);
      expect(meter.peak).toBeGreaterThan(layer);
      expect(meter.peak - activations).toBeLessThan(copies * layer);
    }
    wide.dispose();
  });
});
