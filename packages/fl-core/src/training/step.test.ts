import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { batches } from '../data/batches.ts';
import type { Dataset } from '../data/datasets/index.ts';
import type { Model } from '../models/model.ts';
import { LocalConfig } from '../protocol/local-config.ts';
import { chooseBackend } from './backend.ts';
import { shallowestStage } from './layers.ts';
import { Prefix } from './prefix/prefix.ts';
import { PrefixCache } from './prefix/prefix-cache.ts';
import { SelectiveSteps, type StepPlan } from './step.ts';
import { toyData, toyLayout, toyModel, toyTensors } from './testing.ts';
import { catalogModel, modelSide, smallText, textData } from './testing-models.ts';
import { labelSetData, pairData, passageData, seededModel, smallBert, smallGpt2 } from './testing-tasks.ts';
import { BytesMeter } from './tfjs/bytes-meter.ts';
import { TfjsEngine } from './tfjs/engine.ts';
import { GlobalWeights } from './weights.ts';

/** Plain gradient descent, in which the update is the gradient. */
const rule = LocalConfig.parse({ optimizer: { name: 'sgd', learningRate: 1 } });
const whole: StepPlan = { microBatch: 8, backward: 'tape' };

const image = async () => ({
  ...(await catalogModel('vit-nano')),
  data: toyData(7, 1, modelSide) as Dataset,
});
const text = async () => ({ ...(await catalogModel(smallText)), data: textData(7) as Dataset });
const pairs = async () => ({ ...(await seededModel(smallBert)), data: pairData(7) as Dataset });
const labelSets = async () => ({ ...(await seededModel(smallBert)), data: labelSetData(7) as Dataset });
const passages = async () => ({ ...(await seededModel(smallGpt2)), data: passageData(7) as Dataset });

interface Subject extends Pick<Awaited<ReturnType<typeof catalogModel>>, 'model' | 'weights' | 'blocks'> {
  readonly data: Dataset;
}

/** Trained tensors and loss after one step, and the most bytes it took. */
async function step({ model, weights, data }: Subject, layers: string[], plan: StepPlan) {
  const values = new GlobalWeights(model.layout);
  for (const [layer, tensors] of weights) values.set(layer, tensors);
  const engine = new TfjsEngine(model, (name) => values.value(name));
  const training = engine.training(layers, rule);
  const prefix = new Prefix(engine, values, new PrefixCache(), shallowestStage(engine.stages, layers), '');
  const steps = new SelectiveSteps({ engine, training, prefix });
  const [batch] = batches(data, { batchSize: 8 });
  engine.score(layers[0]!, 'rgn').dispose(); // Uploads the weights.
  const meter = new BytesMeter();
  const loss = await steps.take(batch!, '0', plan, 1, 'a test');
  meter.stop();
  const trained: Float32Array[] = [];
  for (const layer of training.layers) {
    const { tensors } = model.layout.layers.find((l) => l.name === layer)!;
    for (const { name } of tensors) trained.push(Float32Array.from(await training.read(name)));
  }
  training.dispose();
  engine.release();
  return { loss, trained, peak: meter.peak };
}

function expectSame(actual: Float32Array[], expected: Float32Array[]): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((values, i) => {
    const worst = values.reduce((m, v, k) => Math.max(m, Math.abs(v - expected[i]![k]!)), 0);
    expect(worst).toBeLessThan(2e-6);
  });
}

describe.each([
  ['image', image],
  ['text, with a mask', text],
  ['pairs of texts', pairs],
  ['sets of labels', labelSets],
  ['next tokens of long and short passages', passages],
] as const)('a step on %s', (_, open) => {
  beforeAll(async () => {
    await chooseBackend({ force: 'wasm' });
  });
  beforeEach(() => {
    const tensors = tf.memory().numTensors;
    return () => expect(tf.memory().numTensors, 'tensors left behind').toBe(tensors);
  });

  it.each<StepPlan>([
    { microBatch: 3, backward: 'tape' },
    { microBatch: 1, backward: 'tape' },
    { microBatch: 8, backward: 'block-wise' },
    { microBatch: 3, backward: 'block-wise' },
  ])('$backward in micro-batches of $microBatch is the step of the whole batch on one tape', async (plan) => {
    const all = await open();
    for (const layers of [
      [...all.blocks, 'head'],
      [all.blocks[1]!],
      [all.blocks[0]!, all.blocks[2]!],
      ['head'],
    ]) {
      const expected = await step(all, layers, whole);
      const { loss, trained } = await step(all, layers, plan);
      expect(loss).toBeCloseTo(expected.loss, 5);
      expectSame(trained, expected.trained);
    }
  });

  it('takes less memory block by block, and with fewer samples at a time', async () => {
    const all = await open();
    const layers = [...all.blocks, 'head'];
    const peak = async (plan: StepPlan) => (await step(all, layers, plan)).peak;
    const tape = await peak(whole);
    const blockWise = await peak({ microBatch: 8, backward: 'block-wise' });
    const both = await peak({ microBatch: 2, backward: 'block-wise' });
    expect(blockWise).toBeLessThan(0.75 * tape);
    expect(both).toBeLessThan(blockWise);
  });
});

describe('the loss of a step', () => {
  beforeAll(async () => {
    await chooseBackend({ force: 'wasm' });
  });
  beforeEach(() => {
    const tensors = tf.memory().numTensors;
    return () => expect(tf.memory().numTensors, 'tensors left behind').toBe(tensors);
  });

  /** Steps of a toy model; its middle block gives NaN while `broken` says so. */
  function open(broken: () => boolean) {
    const model: Model = {
      ...toyModel,
      stages: toyModel.stages.map(({ layer, forward }) => ({
        layer,
        forward: (p, a) => {
          const { x } = forward(p, a);
          return { x: layer === 'block1' && broken() ? tf.mul(x, Number.NaN) : x };
        },
      })),
    };
    const values = new GlobalWeights(toyLayout);
    for (const [layer, tensors] of toyTensors()) values.set(layer, tensors);
    const engine = new TfjsEngine(model, (name) => values.value(name));
    const training = engine.training(['block1', 'head'], LocalConfig.parse({}));
    const prefix = new Prefix(engine, values, new PrefixCache(), 2, '');
    const steps = new SelectiveSteps({ engine, training, prefix });
    const [batch] = batches(toyData(6), { batchSize: 6 });
    const take = (plan = whole) => steps.take(batch!, '0', plan, 1, 'a test');
    const trained = async () => [
      ...(await training.read('block1.weight')),
      ...(await training.read('head.bias')),
    ];
    const close = () => {
      training.dispose();
      engine.release();
    };
    return { engine, training, take, trained, close };
  }

  it('is asked for before the step of several pieces is recorded, and waited for afterwards', async () => {
    const { engine, training, take, close } = open(() => false);
    const log: string[] = [];
    const read = engine.read.bind(engine);
    vi.spyOn(engine, 'read').mockImplementation(async (scalars) => {
      log.push('asked');
      const values = await read(scalars);
      log.push('read');
      return values;
    });
    const step = training.step.bind(training);
    vi.spyOn(training, 'step').mockImplementation((rate) => {
      log.push('step');
      step(rate);
    });
    await take({ ...whole, microBatch: 3 });
    expect(log).toEqual(['asked', 'step', 'read']);
    close();
  });

  it.each(['at once', 'after a step'])('not a number %s: the weights are what they were', async (when) => {
    let broken = when === 'at once';
    const { take, trained, close } = open(() => broken);
    if (!broken) await take();
    const before = await trained();
    broken = true;
    await expect(take()).rejects.toMatchObject({
      code: 'non-finite',
      message: 'In a test, the output of layer block1 is not a finite number.',
    });
    expect(await trained()).toEqual(before);
    close();
  });

  it('cannot be read for lack of memory: the step is not done twice', async () => {
    const { engine, take, trained, close } = open(() => false);
    const before = await trained();
    const read = engine.read.bind(engine);
    vi.spyOn(engine, 'read').mockImplementation(async (scalars) => {
      await read(scalars);
      throw new RangeError('Array buffer allocation failed');
    });
    await expect(take()).rejects.toMatchObject({ code: 'too-large' });
    expect(await trained()).toEqual(before);
    close();
  });
});
