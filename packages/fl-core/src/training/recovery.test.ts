import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Model } from '../models/model.ts';
import { LocalConfig } from '../protocol/local-config.ts';
import { chooseBackend } from './backend.ts';
import { finish } from './progress.ts';
import { setLayers, toyData, toyModel, toyTensors } from './testing.ts';
import { Trainer } from './trainer.ts';
import type { Recovery } from './webgpu.ts';

/**
 * A device that is lost at the given calls of a stage, seen as tfjs shows it: an error of its own kind. Losing a
 * real WebGPU device is tested in the browser.
 */
class FragileDevice implements Recovery {
  rebuilt = 0;
  #calls = 0;
  #gone = false;
  readonly #losses: ReadonlySet<number>;

  constructor(losses: readonly number[]) {
    this.#losses = new Set(losses);
  }

  get model(): Model {
    return {
      ...toyModel,
      stages: toyModel.stages.map(({ layer, forward }) => ({
        layer,
        forward: (p, a) => {
          this.#calls += 1;
          if (this.#losses.has(this.#calls)) this.#gone = true;
          if (this.#gone) throw new Error('the device is lost');
          return forward(p, a);
        },
      })),
    };
  }

  async lost(): Promise<boolean> {
    return this.#gone;
  }

  async rebuild(): Promise<void> {
    this.rebuilt += 1;
    this.#gone = false;
  }
}

const data = toyData(12);
const configure = (input: Partial<LocalConfig>) => ({
  layers: ['block1', 'head'],
  local: LocalConfig.parse({ batchSize: 4, epochs: 2, ...input }),
  seed: 5,
});
const options = configure({});

async function run(losses: number[], recovery: boolean, of = options) {
  const device = new FragileDevice(losses);
  let announced = 0;
  const trainer = new Trainer(device.model, {
    recovery: recovery ? device : null,
    onDeviceLost: () => {
      announced += 1;
    },
  });
  setLayers(trainer, toyTensors());
  const before = tf.memory().numTensors;
  try {
    const fractions: number[] = [];
    const result = await finish(trainer.train(data, of), (p) => fractions.push(p.fraction));
    return { result, fractions, rebuilt: device.rebuilt, announced };
  } finally {
    trainer.dispose();
    expect(tf.memory().numTensors).toBe(before);
  }
}

describe('C2: a lost device', () => {
  beforeAll(async () => {
    await chooseBackend({ force: 'cpu' });
  });

  it('is started anew and the job gives the result it would have given', async () => {
    const undisturbed = await run([], true);
    const disturbed = await run([9, 22], true);
    expect(disturbed.result).toEqual(undisturbed.result);
    expect(disturbed).toMatchObject({ rebuilt: 2, announced: 2 });
    expect(undisturbed).toMatchObject({ rebuilt: 0, announced: 0 });
  });

  it.each([
    { name: 'adamw', learningRate: 0.01, weightDecay: 0.1 },
    { name: 'sgd', learningRate: 0.1, momentum: 0.9 },
    { name: 'sgd', learningRate: 0.1, momentum: 0 },
  ] as const)('goes on from the last whole epoch, with the state of $name', async (optimizer) => {
    const of = configure({ optimizer, epochs: 3, proximal: 0.1, clipNorm: 1 });
    const undisturbed = await run([], true, of);
    expect(undisturbed.fractions).toHaveLength(9);
    // 15 calls of stages in the first epoch and, as the prefix is cached, 9 in every other: lost in the second batch
    // of the second epoch and, after 15 again for that epoch, in the last batch of the third.
    const disturbed = await run([20, 42], true, of);
    expect(disturbed.result).toEqual(undisturbed.result);
    expect(disturbed.rebuilt).toBe(2);
    const ninths = disturbed.fractions.map((f) => Math.round(9 * f));
    expect(ninths).toEqual([1, 2, 3, 4, 4, 5, 6, 7, 8, 7, 8, 9]);
  });

  it('ends the job when nothing can bring it back, or when it is lost again and again', async () => {
    await expect(run([9], false)).rejects.toThrow('the device is lost');
    await expect(run([2, 4, 6, 8, 10], true)).rejects.toThrow('the device is lost');
  });

  it('is not blamed for other errors', async () => {
    const device = new FragileDevice([]);
    const trainer = new Trainer(device.model, { recovery: device });
    setLayers(trainer, toyTensors());
    const wrong = { ...data, labels: data.labels.map(() => 9) };
    await expect(finish(trainer.train(wrong, options))).rejects.toThrow(RangeError);
    expect(device.rebuilt).toBe(0);
    trainer.dispose();
  });
});
