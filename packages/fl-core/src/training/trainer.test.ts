import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Model } from '../models/model.ts';
import { LocalConfig } from '../protocol/local-config.ts';
import type { NamedTensor } from '../protocol/safetensors.ts';
import { random as source } from '../random.ts';
import { chooseBackend } from './backend.ts';
import type { TrainOptions } from './jobs.ts';
import { finish } from './progress.ts';
import { plainGradient, plainLoss, setLayers, toyData, toyLayout, toyModel, toyTensors } from './testing.ts';
import { Trainer } from './trainer.ts';

const weights = toyTensors();
const blocks = ['block0', 'block1', 'block2'];

function newTrainer(model: Model = toyModel): Trainer {
  const trainer = new Trainer(model);
  setLayers(trainer, weights);
  return trainer;
}

const local = (input: Partial<LocalConfig>): LocalConfig => LocalConfig.parse(input);
const sgd = { name: 'sgd', learningRate: 0.1, momentum: 0 } as const;
const byName = (update: readonly NamedTensor[]) => new Map(update.map((t) => [t.name, t]));

/** Every stage of the model, with a look at each call: its layer, and whether tfjs is recording a gradient. */
function watched(model: Model, onCall: (layer: string, recording: boolean) => void): Model {
  return {
    ...model,
    stages: model.stages.map((stage) => ({
      layer: stage.layer,
      forward: (p, a) => {
        onCall(stage.layer, tf.engine().state.gradientDepth > 0);
        return stage.forward(p, a);
      },
    })),
  };
}

describe.each(['cpu', 'wasm'] as const)('Trainer on %s', (backend) => {
  beforeAll(async () => {
    await chooseBackend({ force: backend });
  });

  let tensors = 0;
  beforeEach(() => {
    tensors = tf.memory().numTensors;
    return () => expect(tf.memory().numTensors, 'tensors left behind').toBe(tensors);
  });

  it('probes the squared norms of the mean gradient over all batches, the small last one too', async () => {
    const trainer = newTrainer();
    const data = toyData(8); // batches of 3, 3 and 2
    const { scores, loss } = await finish(trainer.probe(data, { batches: 10, batchSize: 3, seed: 4 }));
    expect(Object.keys(scores)).toEqual(blocks);
    expect(loss).toBeCloseTo(plainLoss(weights, data), 5);
    for (const layer of blocks) {
      const norm = plainGradient(weights, data, layer)
        .flat()
        .reduce((s, g) => s + g * g, 0);
      expect(Math.abs(scores[layer]! / norm - 1)).toBeLessThan(1e-4);
    }
    trainer.dispose();
  });

  it('takes a step along the finite-difference gradient of exactly the chosen layers', async () => {
    const trainer = newTrainer();
    const data = toyData(6);
    const layers = ['block1', 'head'];
    const options = { layers, local: local({ batchSize: 6, optimizer: sgd }), seed: 1 };
    const { update, steps } = await finish(trainer.train(data, options));
    expect(steps).toBe(1);
    expect(update.map((t) => t.name)).toEqual(['block1.weight', 'block1.bias', 'head.weight', 'head.bias']);
    const expected = layers.flatMap((layer) => plainGradient(weights, data, layer));
    update.forEach((t, i) => {
      expect(t.shape).toEqual(weights.get(layers[Math.floor(i / 2)]!)![i % 2]!.shape);
      t.data.forEach((v, k) => {
        expect(v).toBeCloseTo(-0.1 * expected[i]![k]!, 5);
      });
    });
    trainer.dispose();
  });

  it('keeps the global weights: training changes neither evaluation nor the next training', async () => {
    const trainer = newTrainer();
    const data = toyData(12);
    const options = { layers: ['block2', 'head'], local: local({ epochs: 3, batchSize: 5 }), seed: 2 };
    const before = await finish(trainer.evaluate(data, { batchSize: 5 }));
    const first = await finish(trainer.train(data, options));
    expect(await finish(trainer.evaluate(data, { batchSize: 5 }))).toEqual(before);
    expect(await finish(trainer.train(data, options))).toEqual(first);
    trainer.dispose();
  });

  it('gives the same bytes for the same seed and others for another', async () => {
    const run = async (seed: number) => {
      const trainer = newTrainer();
      const options = { layers: [...blocks, 'head'], local: local({ epochs: 2, batchSize: 4 }), seed };
      const { update } = await finish(trainer.train(toyData(13), options));
      trainer.dispose();
      return update;
    };
    expect(await run(7)).toEqual(await run(7));
    expect(await run(7)).not.toEqual(await run(8));
  });

  it.each([
    ['adamw', { name: 'adamw', learningRate: 0.02, weightDecay: 0 }],
    ['sgd', { name: 'sgd', learningRate: 0.1, momentum: 0.9 }],
  ] as const)('lowers the loss with %s', async (_, optimizer) => {
    const trainer = newTrainer();
    const data = toyData(30);
    const before = await finish(trainer.evaluate(data, { batchSize: 32 }));
    const layers = [...blocks, 'head'];
    const options = { layers, local: local({ epochs: 10, batchSize: 8, optimizer }), seed: 1 };
    const { update, loss } = await finish(trainer.train(data, options));
    expect(loss).toBeLessThan(before.loss / 2);
    const deltas = byName(update);
    for (const layer of layers) {
      trainer.setLayer(
        layer,
        weights
          .get(layer)!
          .map((t) => ({ ...t, data: t.data.map((v, i) => v + deltas.get(t.name)!.data[i]!) })),
      );
    }
    const after = await finish(trainer.evaluate(data, { batchSize: 32 }));
    expect(after.loss).toBeLessThan(before.loss / 3);
    expect(after.accuracy).toBeGreaterThan(0.9);
    trainer.dispose();
  });

  it('evaluates the mean loss and the share of right answers', async () => {
    const trainer = newTrainer();
    const data = toyData(7);
    const { loss, accuracy, samples } = await finish(trainer.evaluate(data, { batchSize: 3 }));
    expect(samples).toBe(7);
    expect(loss).toBeCloseTo(plainLoss(weights, data), 5);
    // The same for each sample on its own.
    let right = 0;
    for (let i = 0; i < 7; i++) {
      const one = (label: number) => ({
        ...data,
        pixels: data.pixels.slice(12 * i, 12 * (i + 1)),
        labels: Int32Array.of(label),
      });
      const losses = [0, 1, 2].map((label) => plainLoss(weights, one(label)));
      if (losses.indexOf(Math.min(...losses)) === data.labels[i]) right += 1;
    }
    expect(accuracy).toBeCloseTo(right / 7, 6);
    const none = { ...data, pixels: new Uint8Array(0), labels: new Int32Array(0) };
    expect(await finish(trainer.evaluate(none, { batchSize: 3 }))).toEqual({
      loss: 0,
      accuracy: 0,
      samples: 0,
    });
    trainer.dispose();
  });

  it('C3: runs the layers below the shallowest trained one outside the gradient', async () => {
    const calls = new Set<string>();
    const trainer = newTrainer(watched(toyModel, (layer, recording) => calls.add(`${layer} ${recording}`)));
    const options = { layers: ['block1', 'head'], local: local({ batchSize: 4 }), seed: 1 };
    await finish(trainer.train(toyData(8), options));
    expect([...calls]).toEqual(['embed false', 'block0 false', 'block1 true', 'block2 true', 'head true']);
    trainer.dispose();
  });

  it('C3: computes the prefix once a batch over all epochs, with the same result as without the cache', async () => {
    let prefixes = 0;
    const trainer = newTrainer(
      watched(toyModel, (layer) => {
        if (layer === 'block0') prefixes += 1;
      }),
    );
    const run = async (prefixCacheBytes: number) => {
      prefixes = 0;
      const options: TrainOptions = {
        layers: ['block1', 'head'],
        local: local({ epochs: 4, batchSize: 4 }),
        seed: 1,
        prefixCacheBytes,
      };
      const { update, loss } = await finish(trainer.train(toyData(11), options));
      return { result: { update, loss }, prefixes };
    };
    const cached = await run(1_000_000);
    const uncached = await run(0);
    const partly = await run(4 * 4 * 6); // one batch of (4, 6) float32
    expect(cached.prefixes).toBe(3);
    expect(uncached.prefixes).toBe(12);
    expect(partly.prefixes).toBe(3 + 3 * 2);
    expect(cached.result).toEqual(uncached.result);
    expect(partly.result).toEqual(uncached.result);
    trainer.dispose();
  });

  it.each([
    ['below the cut', 'block0', 0, 12],
    ['above the cut', 'block2', 12 * 6 * 4, 3],
  ] as const)(
    'C3: something random %s: the prefix is cached only where it is the same',
    async (_, random, bytes, calls) => {
      let prefixes = 0;
      const noise = source('noise');
      const model: Model = {
        ...toyModel,
        stages: toyModel.stages.map((stage) => ({
          ...stage,
          random: stage.layer === random,
          forward: (p, a) => {
            if (stage.layer === 'block0') prefixes += 1;
            const { x } = stage.forward(p, a);
            return { x: stage.layer === random ? tf.add(x, noise.normal()) : x };
          },
        })),
      };
      const trainer = newTrainer(model);
      const options = { layers: ['block1', 'head'], local: local({ epochs: 4, batchSize: 4 }), seed: 1 };
      await finish(trainer.train(toyData(12), options));
      expect(prefixes).toBe(calls);
      expect(trainer.cachedBytes).toBe(bytes);
      const limited = await finish(trainer.train(toyData(12), { ...options, memoryBytes: 1e9 }));
      expect(limited.plan.cacheBytes > 0).toBe(bytes > 0);
      trainer.dispose();
    },
  );

  it('C4: holds the same number of tensors after every round, whatever the mask', async () => {
    const trainer = newTrainer();
    const data = toyData(10);
    const counts: number[] = [];
    for (let round = 1; round <= 50; round++) {
      setLayers(trainer, toyTensors(toyLayout, round));
      const score = (['squared-norm', 'rgn', 'snr'] as const)[round % 3]!;
      const times = round % 10 === 0 ? { times: local({ batchSize: 4 }) } : {};
      await finish(trainer.probe(data, { batches: 2, batchSize: 4, seed: round, score, ...times }));
      const mask = blocks.filter((_, i) => (round >> i) % 2 === 1);
      const options = {
        layers: [...mask, 'head'],
        local: local({ epochs: 2, batchSize: 4 }),
        seed: round,
        prefixCacheBytes: round % 2 === 0 ? 0 : 1_000_000,
        // Little enough, now and then, for micro-batches or the way back block by block.
        ...(round % 4 === 1 ? { memoryBytes: 6_000 } : {}),
      };
      await finish(trainer.train(data, options));
      // Every layer is about to be replaced, and with the lowest one goes what was cached above it.
      trainer.setLayer('embed', toyTensors(toyLayout, round + 100).get('embed')!);
      expect(trainer.cachedBytes).toBe(0);
      await finish(trainer.evaluate(data, { batchSize: 4 }));
      counts.push(tf.memory().numTensors - tensors);
    }
    expect(counts).toEqual(counts.map(() => 10));
    trainer.dispose();
  });

  it('C4: leaves nothing behind when a job is aborted or given up', async () => {
    const trainer = newTrainer();
    const data = toyData(12);
    await finish(trainer.evaluate(data, { batchSize: 4 }));
    const before = tf.memory().numTensors;
    const controller = new AbortController();
    const options = {
      layers: ['block1', 'head'],
      local: local({ epochs: 3, batchSize: 4 }),
      seed: 1,
      prefixCacheBytes: 0,
      control: { signal: controller.signal },
    };
    const aborted = finish(trainer.train(data, options), ({ fraction }) => {
      if (fraction > 0.5) controller.abort(new Error('enough'));
    });
    await expect(aborted).rejects.toThrow('enough');
    expect(tf.memory().numTensors).toBe(before);
    for (const job of [
      trainer.train(data, { ...options, control: {} }),
      trainer.probe(data, { batches: 3, batchSize: 4, seed: 1 }),
      trainer.evaluate(data, { batchSize: 4 }),
    ]) {
      for await (const _ of job) break;
      expect(tf.memory().numTensors).toBe(before);
    }
    trainer.dispose();
  });

  it('stops with the layer and the batch when numbers break, and leaves nothing behind', async () => {
    const trainer = newTrainer();
    const data = toyData(9);
    await finish(trainer.evaluate(data, { batchSize: 4 }));
    const before = tf.memory().numTensors;
    trainer.setLayer(
      'block1',
      weights.get('block1')!.map((t) => ({ ...t, data: t.data.map(() => Number.NaN) })),
    );
    const options = { layers: ['head'], local: local({ batchSize: 4 }), seed: 1, prefixCacheBytes: 0 };
    const failure = { code: 'non-finite', message: expect.stringMatching(/batch 1.*layer block1/) };
    await expect(finish(trainer.train(data, options))).rejects.toMatchObject(failure);
    await expect(finish(trainer.probe(data, { batches: 1, batchSize: 4, seed: 1 }))).rejects.toMatchObject(
      failure,
    );
    await expect(finish(trainer.evaluate(data, { batchSize: 4 }))).rejects.toMatchObject({
      code: 'non-finite',
    });
    expect(tf.memory().numTensors).toBe(before);
    trainer.dispose();
  });

  it('refuses to hand out an update that broke in the last step', async () => {
    // Adds sqrt(h - h): 0 forward, infinite backward.
    const broken: Model = {
      ...toyModel,
      stages: toyModel.stages.map(({ layer, forward }) => ({
        layer,
        forward: (p, a) => {
          const { x } = forward(p, a);
          return { x: layer === 'block1' ? tf.add(x, tf.sqrt(tf.sub(x, x))) : x };
        },
      })),
    };
    const trainer = newTrainer(broken);
    const data = toyData(6);
    const options = { layers: ['block1', 'head'], local: local({ batchSize: 6 }), seed: 1 };
    await expect(finish(trainer.train(data, options))).rejects.toMatchObject({
      code: 'non-finite',
      message: 'After training, tensor block1.weight is not a finite number.',
    });
    await expect(finish(trainer.probe(data, { batches: 1, batchSize: 6, seed: 1 }))).rejects.toMatchObject({
      code: 'non-finite',
      message: 'In the probe, the gradient of layer block1 is not a finite number.',
    });
    trainer.dispose();
  });

  it('trains nothing when given no layer, and says what the loss is', async () => {
    const trainer = newTrainer();
    const data = toyData(6);
    const { update, loss } = await finish(
      trainer.train(data, { layers: [], local: local({ batchSize: 6 }), seed: 1 }),
    );
    expect(update).toEqual([]);
    expect(loss).toBeCloseTo(plainLoss(weights, data), 5);
    trainer.dispose();
  });
});

describe('Trainer refuses', () => {
  beforeAll(async () => {
    await chooseBackend({ force: 'cpu' });
  });
  const data = toyData(3);
  const options = { layers: ['head'], local: local({}), seed: 1 };

  it('tensors that are not the layer’s', () => {
    const trainer = new Trainer(toyModel);
    const [weight, bias] = weights.get('head')!;
    expect(() => trainer.setLayer('tail', [])).toThrow(/no layer tail/);
    expect(() => trainer.setLayer('head', [weight!])).toThrow(/has 2 tensors, not 1/);
    expect(() => trainer.setLayer('head', [weight!, { ...bias!, name: 'other' }])).toThrow(
      /without tensor head.bias/,
    );
    expect(() => trainer.setLayer('head', [{ ...weight!, shape: [3, 6] }, bias!])).toThrow(/shape \[3,6\]/);
  });

  it('to run before every layer was loaded', async () => {
    const trainer = new Trainer(toyModel);
    trainer.setLayer('embed', weights.get('embed')!);
    const job = finish(trainer.train(data, options));
    await expect(job).rejects.toMatchObject({ code: 'bad-model' });
    trainer.dispose();
  });

  it('layers that the model does not have, and data without samples', async () => {
    const trainer = newTrainer();
    await expect(finish(trainer.train(data, { ...options, layers: ['tail'] }))).rejects.toMatchObject({
      code: 'wrong-layers',
    });
    const none = { ...data, pixels: new Uint8Array(0), labels: new Int32Array(0) };
    await expect(finish(trainer.train(none, options))).rejects.toMatchObject({ code: 'bad-request' });
    await expect(finish(trainer.probe(none, { batches: 1, batchSize: 1, seed: 1 }))).rejects.toMatchObject({
      code: 'bad-request',
    });
    trainer.dispose();
  });
});
