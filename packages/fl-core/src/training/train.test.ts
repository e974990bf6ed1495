import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Model } from '../models/model.ts';
import { LocalConfig } from '../protocol/local-config.ts';
import type { NamedTensor } from '../protocol/safetensors.ts';
import { chooseBackend } from './backend.ts';
import type { TrainOptions } from './jobs.ts';
import { finish, type TrainingProgress } from './progress.ts';
import { plainGradient, setLayers, toyBlocks, toyData, toyModel, toyTensors } from './testing.ts';
import { catalogModel, modelSide, smallText, textData } from './testing-models.ts';
import { BytesMeter } from './tfjs/bytes-meter.ts';
import { Trainer } from './trainer.ts';

const weights = toyTensors();
const local = (input: Partial<LocalConfig>): LocalConfig => LocalConfig.parse(input);
const sgd = { name: 'sgd', learningRate: 0.1, momentum: 0 } as const;
const norm = (update: readonly NamedTensor[]) => Math.hypot(...update.flatMap((t) => [...t.data]));

function newTrainer(model: Model = toyModel): Trainer {
  const trainer = new Trainer(model);
  setLayers(trainer, weights);
  return trainer;
}

beforeAll(async () => {
  await chooseBackend({ force: 'wasm' });
});
beforeEach(() => {
  const tensors = tf.memory().numTensors;
  return () => expect(tf.memory().numTensors, 'tensors left behind').toBe(tensors);
});

describe('rules of the local step', () => {
  const data = toyData(6);
  const layers = ['block1', 'head'];
  const train = async (config: Partial<LocalConfig>, span?: [number, number]) => {
    const trainer = newTrainer();
    const options = { layers, local: local({ batchSize: 6, optimizer: sgd, ...config }), seed: 1 };
    const result = await finish(trainer.train(data, span === undefined ? options : { ...options, span }));
    trainer.dispose();
    return result.update;
  };
  const gradient = layers.flatMap((layer) => plainGradient(weights, data, layer)).flat();

  it('follow the schedule at the part of the run that the round stands for', async () => {
    const schedule = { name: 'cosine', warmUp: 0.5, floor: 0 } as const;
    // One step, in the middle of its round: 0.25 of the run, half of the way up; then 0.75, half of the way down.
    expect(norm(await train({ schedule }, [0, 0.5]))).toBeCloseTo(0.05 * Math.hypot(...gradient), 5);
    expect(norm(await train({ schedule }, [0.5, 1]))).toBeCloseTo(0.05 * Math.hypot(...gradient), 5);
    expect(norm(await train({ schedule }))).toBeCloseTo(0.1 * Math.hypot(...gradient), 5);
  });

  it('clip the gradient of all trained tensors together', async () => {
    const clipNorm = Math.hypot(...gradient) / 3;
    const clipped = await train({ clipNorm });
    expect(norm(clipped)).toBeCloseTo(0.1 * clipNorm, 5);
    const free = await train({});
    free.forEach((t, i) => {
      t.data.forEach((v, k) => {
        expect(clipped[i]!.data[k]).toBeCloseTo(v / 3, 5);
      });
    });
  });

  it('are held to the global weights by the proximal term', async () => {
    const free = norm(await train({ epochs: 30 }));
    const held = norm(await train({ epochs: 30, proximal: 5 }));
    expect(held).toBeLessThan(free / 2);
    // The first step starts at the global weights.
    expect(await train({ proximal: 5 })).toEqual(await train({}));
  });

  it('stop at a gradient that is no number, and say whose it is', async () => {
    // Adds sqrt(h - h) to the output of block1: 0 forward, infinite backward.
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
    const run = (config: Partial<LocalConfig>) =>
      finish(trainer.train(data, { layers: [...toyBlocks, 'head'], local: local(config), seed: 1 }));
    await expect(run({ batchSize: 3, clipNorm: 1 })).rejects.toMatchObject({
      code: 'non-finite',
      message: 'In epoch 1, batch 1, the gradient of layer block1 is not a finite number.',
    });
    // Without clipping nobody looks at the gradient; the weights it broke are found at the next loss.
    await expect(run({ batchSize: 3 })).rejects.toMatchObject({
      code: 'non-finite',
      message: expect.stringMatching(/^In epoch 1, batch 2, the output of layer block0/),
    });
    trainer.dispose();
  });
});

describe('training that is enough before its end', () => {
  const data = toyData(9);
  const options = (epochs: number) => ({
    layers: ['block1', 'head'],
    local: local({ batchSize: 3, epochs, optimizer: sgd }),
    seed: 1,
  });
  /** Ends when so many batches are done. */
  async function until(steps: number, epochs: number) {
    const trainer = newTrainer();
    let done = 0;
    const control = { enough: () => done >= steps };
    const result = await finish(trainer.train(data, { ...options(epochs), control }), ({ loss }) => {
      if (loss !== undefined) done += 1;
    });
    trainer.dispose();
    return result;
  }

  it('is the change of the steps that were done, as if no more had been asked for', async () => {
    const whole = await until(Number.POSITIVE_INFINITY, 1);
    const part = await until(3, 4);
    expect([whole.steps, part.steps]).toEqual([3, 3]);
    expect(part.update).toEqual(whole.update);
    expect(part.loss).toBe(whole.loss);
    expect(norm((await until(4, 4)).update)).not.toBe(norm(part.update));
  });

  it('does one step at least', async () => {
    const { steps, update } = await until(0, 4);
    expect(steps).toBe(1);
    expect(norm(update)).toBeGreaterThan(0);
  });
});

describe('memory', async () => {
  const image = { ...(await catalogModel('vit-nano')), data: toyData(9, 1, modelSide) };
  const text = { ...(await catalogModel(smallText)), data: textData(9) };
  const adamw = { name: 'adamw', learningRate: 0.001, weightDecay: 0 } as const;

  /** Trains from nothing uploaded; the bytes it took are those of everything. */
  async function run(of: typeof image | typeof text, options: Partial<TrainOptions>) {
    const trainer = new Trainer(of.model);
    setLayers(trainer, of.weights);
    const meter = new BytesMeter();
    try {
      const result = await finish(
        trainer.train(of.data, {
          layers: [...of.blocks, 'head'],
          local: local({ batchSize: 8, epochs: 2, optimizer: adamw }),
          seed: 1,
          prefixCacheBytes: 0,
          ...options,
        }),
      );
      return { ...result, peak: meter.peak };
    } finally {
      meter.stop();
      trainer.dispose();
    }
  }

  it.each([
    ['image', image],
    ['text', text],
  ] as const)('%s: is foretold within a tenth, however little there is', async (_, of) => {
    const plain = await run(of, {});
    expect(plain.plan).toEqual({
      microBatch: 8,
      backward: 'tape',
      cacheBytes: 0,
      peakBytes: null,
      reduced: false,
    });
    const seen = new Set<string>();
    let limit = Number.MAX_SAFE_INTEGER;
    for (;;) {
      const { plan, peak, loss } = await run(of, { memoryBytes: limit });
      expect(peak).toBeLessThanOrEqual(Math.min(limit, 1.1 * plan.peakBytes!));
      expect(peak).toBeGreaterThan(0.9 * plan.peakBytes!);
      expect(loss).toBeCloseTo(plain.loss, 3);
      seen.add(`${plan.backward} ${plan.microBatch}`);
      limit = plan.peakBytes! - 1;
      const next = await run(of, { memoryBytes: limit }).catch((error: unknown) => error);
      if (!(next instanceof Error)) continue;
      expect(next).toMatchObject({
        code: 'too-large',
        message: expect.stringMatching(/takes .*B .*has .*B/),
      });
      break;
    }
    expect([...seen][0]).toBe('tape 8');
    expect(seen.size).toBeGreaterThan(1);
  });

  it.each([
    ['the head', ['head']],
    ['one block and the head', ['blocks.2', 'head']],
    ['two blocks', ['blocks.0', 'blocks.3']],
  ])('is foretold for %s, with momentum and clipping, and the cache has its part', async (_, layers) => {
    const config = local({
      batchSize: 8,
      epochs: 2,
      optimizer: { name: 'sgd', learningRate: 0.01, momentum: 0.9 },
      clipNorm: 1,
    });
    for (const prefixCacheBytes of [0, 9 * 5 * 32 * 4]) {
      const { plan, peak } = await run(image, { layers, local: config, prefixCacheBytes, memoryBytes: 1e9 });
      expect(plan.cacheBytes).toBe(prefixCacheBytes);
      expect(Math.abs(peak / plan.peakBytes! - 1)).toBeLessThan(0.1);
    }
  });

  /** The toy model on a device that has room for `most` samples at a time above the cut. */
  function small(most: number): Model {
    return {
      ...toyModel,
      stages: toyModel.stages.map(({ layer, forward }) => ({
        layer,
        forward: (p, a) => {
          if (layer === 'block2' && a.x.shape[0]! > most) {
            throw new RangeError('Array buffer allocation failed');
          }
          return forward(p, a);
        },
      })),
    };
  }
  const halving = { layers: ['block1', 'head'], local: local({ batchSize: 8, epochs: 2 }), seed: 1 };

  it('ran out: goes on with half the samples at a time, and says so once', async () => {
    const seen: TrainingProgress[] = [];
    const trainer = newTrainer(small(4));
    const reduced = await finish(trainer.train(toyData(14), halving), (p) => seen.push(p));
    expect(reduced.plan).toMatchObject({ microBatch: 4, reduced: true, cacheBytes: 0 });
    expect(seen.flatMap((p) => p.microBatch ?? [])).toEqual([{ from: 8, to: 4 }]);
    trainer.dispose();
    const roomy = newTrainer();
    const whole = await finish(roomy.train(toyData(14), halving));
    roomy.dispose();
    expect(reduced.loss).toBeCloseTo(whole.loss, 5);
    reduced.update.forEach((t, i) => {
      t.data.forEach((v, k) => {
        expect(v).toBeCloseTo(whole.update[i]!.data[k]!, 5);
      });
    });
  });

  it('ran out again: gives up with the figures', async () => {
    const trainer = newTrainer(small(3));
    await expect(finish(trainer.train(toyData(14), halving))).rejects.toMatchObject({
      code: 'too-large',
      message: expect.stringMatching(/out of memory .* 4 samples/),
    });
    trainer.dispose();
  });
});

describe('C3: the prefix over rounds', () => {
  const counted = (onPrefix: () => void): Model => ({
    ...toyModel,
    stages: toyModel.stages.map(({ layer, forward }) => ({
      layer,
      forward: (p, a) => {
        if (layer === 'block0') onPrefix();
        return forward(p, a);
      },
    })),
  });

  it('is computed once as long as nobody changes it, and anew when somebody did', async () => {
    let prefixes = 0;
    const trainer = newTrainer(
      counted(() => {
        prefixes += 1;
      }),
    );
    const data = toyData(11); // 3 batches of 4
    const round = async (seed: number, layers = ['block1', 'head'], of = data) => {
      prefixes = 0;
      const { update } = await finish(
        trainer.train(of, { layers, local: local({ epochs: 2, batchSize: 4 }), seed }),
      );
      return { prefixes, update };
    };
    const first = await round(1);
    expect(first.prefixes).toBe(3);
    expect(trainer.cachedBytes).toBe(4 * 11 * 6);

    // The head changes every round; layers above the cut do not matter, nor does the same layer once more.
    trainer.setLayer('head', toyTensors(toyModel.layout, 2).get('head')!);
    trainer.setLayer('block1', toyTensors(toyModel.layout, 2).get('block1')!);
    const same = weights.get('block0')!.map((t) => ({ ...t, data: t.data.slice() }));
    trainer.setLayer('block0', same);
    const second = await round(2);
    expect(second.prefixes).toBe(0);
    const fresh = newTrainer();
    for (const layer of ['head', 'block1']) {
      fresh.setLayer(layer, toyTensors(toyModel.layout, 2).get(layer)!);
    }
    const options = { layers: ['block1', 'head'], local: local({ epochs: 2, batchSize: 4 }), seed: 2 };
    expect((await finish(fresh.train(data, options))).update).toEqual(second.update);
    fresh.dispose();

    // Another cut, and other data, have activations of their own; block0 is part of neither's prefix here.
    expect((await round(1, ['block2', 'head'])).prefixes).toBe(3);
    expect((await round(1, ['block1', 'head'], toyData(5))).prefixes).toBe(2);
    expect((await round(1)).prefixes).toBe(0);
    expect(trainer.cachedBytes).toBe(4 * 6 * (11 + 11 + 5));

    trainer.setLayer('block0', toyTensors(toyModel.layout, 3).get('block0')!);
    expect(trainer.cachedBytes).toBe(0);
    expect((await round(1)).prefixes).toBe(3);
    trainer.dispose();
    expect(trainer.cachedBytes).toBe(0);
  });

  it('stays within its bytes: what was used last stays', async () => {
    const trainer = newTrainer();
    const run = (layers: string[], prefixCacheBytes: number) =>
      finish(
        trainer.train(toyData(8), { layers, local: local({ batchSize: 4 }), seed: 1, prefixCacheBytes }),
      );
    await run(['block1'], 8 * 6 * 4);
    expect(trainer.cachedBytes).toBe(8 * 6 * 4);
    await run(['block2'], 8 * 6 * 4);
    expect(trainer.cachedBytes).toBe(8 * 6 * 4);
    await run(['block2'], 0);
    expect(trainer.cachedBytes).toBe(0);
    trainer.dispose();
  });
});
