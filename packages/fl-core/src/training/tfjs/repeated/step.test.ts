// @module-tag long
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it, vi } from 'vitest';
import { batches } from '../../../data/batches.ts';
import type { Dataset } from '../../../data/datasets/index.ts';
import { registerKernels } from '../../../kernels/index.ts';
import { type Dawn, openDawn, startDawn } from '../../../kernels/testing/dawn.ts';
import { Recording } from '../../../kernels/webgpu/recording.ts';
import type { Batch } from '../../../models/batch.ts';
import type { Model } from '../../../models/model.ts';
import { LocalConfig } from '../../../protocol/local-config.ts';
import { finish } from '../../progress.ts';
import { setLayers, toyData } from '../../testing.ts';
import { catalogModel, modelSide, smallText, textData } from '../../testing-models.ts';
import { labelSetData, passageData, seededModel, smallBert, smallGpt2 } from '../../testing-tasks.ts';
import { Trainer } from '../../trainer.ts';
import { GlobalWeights } from '../../weights.ts';
import { TfjsEngine } from '../engine.ts';

let dawn: Dawn | { readonly reason: string };
beforeAll(async () => {
  dawn = await openDawn();
  registerKernels('webgpu');
  if (!('reason' in dawn)) await startDawn(dawn);
});

const play = vi.spyOn(Recording.prototype, 'play');

/** The same model as one whose steps are told anew each time, as if it dropped something out. */
const anew = (model: Model): Model => ({
  ...model,
  stages: model.stages.map((stage) => ({ ...stage, random: true })),
});

type Subject = Pick<Awaited<ReturnType<typeof catalogModel>>, 'model' | 'weights' | 'blocks'> & {
  readonly data: Dataset;
};

const subjects: [string, () => Promise<Subject>][] = [
  ['images', async () => ({ ...(await catalogModel('vit-nano')), data: toyData(10, 1, modelSide) })],
  ['texts with a mask', async () => ({ ...(await catalogModel(smallText)), data: textData(10) })],
  ['sets of labels', async () => ({ ...(await seededModel(smallBert)), data: labelSetData(10) })],
  ['long and short passages', async () => ({ ...(await seededModel(smallGpt2)), data: passageData(10) })],
];

const adamW = { optimizer: { name: 'adamw', learningRate: 0.01, weightDecay: 0.1 } } as const;
const pulled = {
  optimizer: { name: 'sgd', learningRate: 0.05, momentum: 0.9 },
  clipNorm: 0.1,
  proximal: 0.01,
} as const;
/** The head in a group of its own. */
const ownHead = { ...adamW, head: { rate: 5 } } as const;
const plainDescent = { optimizer: { name: 'sgd', learningRate: 0.05, momentum: 0 } } as const;

/** Three batches, the last one of two samples; a rate that changes with every step. */
const localOf = (rule: object) =>
  LocalConfig.parse({ batchSize: 4, epochs: 5, schedule: { name: 'cosine' }, ...rule });

async function trained({ model, weights, data }: Subject, layers: string[], rule: object) {
  const trainer = new Trainer(model);
  setLayers(trainer, weights);
  const { update, loss } = await finish(
    trainer.train(data, { layers, local: localOf(rule), seed: 3, prefixCacheBytes: 0 }),
  );
  const evaluated = await finish(trainer.evaluate(data, { batchSize: 2 }));
  trainer.dispose();
  return { loss, evaluated, update: update.map(({ name, data: values }) => [name, ...values]) };
}

const allOf = ({ model }: Subject) => model.layout.layers.map((l) => l.name);
const topOf = (subject: Subject) => [subject.blocks.at(-1)!, allOf(subject).at(-1)!];

it.for([
  ['images, AdamW', 0, adamW, allOf],
  ['images, momentum clipped and pulled back', 0, pulled, topOf],
  ['images, plain descent', 0, plainDescent, topOf],
  ['images, AdamW with a head at a rate of its own', 0, ownHead, topOf],
  ['texts, plain descent with a head at a rate of its own', 1, { ...plainDescent, head: { rate: 5 } }, topOf],
  ['texts with a mask', 1, adamW, topOf],
  ['sets of labels', 2, pulled, topOf],
  ['long and short passages', 3, adamW, topOf],
] as const)(
  'does the same whether it is repeated or told anew: %s',
  async ([, index, rule, layersOf], { skip }) => {
    if ('reason' in dawn) return skip(dawn.reason);
    await tf.setBackend('webgpu');
    const subject = await subjects[index]![1]();
    const layers = layersOf(subject);
    const tensors = tf.memory().numTensors;
    play.mockClear();
    const repeated = await trained(subject, layers, rule);
    expect(play.mock.calls.length, 'repeated pieces of work').toBeGreaterThan(3);
    expect(tf.memory().numTensors).toBe(tensors);
    play.mockClear();
    const plain = await trained({ ...subject, model: anew(subject.model) }, layers, rule);
    expect(play).not.toHaveBeenCalled();
    expect(repeated).toEqual(plain);
  },
);

it('can be undone, and goes on from values that a step of another shape left', async ({ skip }) => {
  if ('reason' in dawn) return skip(dawn.reason);
  await tf.setBackend('webgpu');
  const { model, weights, data } = await subjects[0]![1]();
  const values = new GlobalWeights(model.layout);
  for (const [layer, tensors] of weights) values.set(layer, tensors);
  const engine = new TfjsEngine(model, (name) => values.value(name));
  const training = engine.training(['head'], localOf(adamW));
  const [batch, , small] = batches(data, { batchSize: 4 });
  const step = async (of: Batch) => {
    const input = engine.input(of);
    const activation = engine.global.forward(input, 0, model.stages.length - 1);
    const [loss] = await engine.read(training.stepAtOnce(activation, model.stages.length - 1, of.targets, 1));
    for (const value of [input, activation]) value.dispose();
    return loss;
  };
  const name = model.layout.layers.at(-1)!.tensors[0]!.name;
  const read = async () => [...(await training.read(name))];
  play.mockClear();
  for (let i = 0; i < 5; i++) {
    await step(batch!);
    training.commit();
  }
  expect(play).toHaveBeenCalled();
  for (const of of [batch!, small!, batch!, batch!]) {
    const before = await read();
    await step(of);
    expect(await read()).not.toEqual(before);
    training.undo();
    expect(await read()).toEqual(before);
    await step(of);
    training.commit();
    expect(await read()).not.toEqual(before);
  }
  training.dispose();
  engine.release();
});
