import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Dataset } from '../../data/datasets/index.ts';
import { registerKernels } from '../../kernels/index.ts';
import { type Dawn, openDawn, startDawn } from '../../kernels/testing/dawn.ts';
import { Recording } from '../../kernels/webgpu/recording.ts';
import type { Model } from '../../models/model.ts';
import { LocalConfig } from '../../protocol/local-config.ts';
import { finish } from '../progress.ts';
import { setLayers, toyData } from '../testing.ts';
import { catalogModel, modelSide, smallText, textData } from '../testing-models.ts';
import { labelSetData, passageData, seededModel, smallBert, smallGpt2 } from '../testing-tasks.ts';
import { Trainer } from '../trainer.ts';

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

const rules = {
  AdamW: { optimizer: { name: 'adamw', learningRate: 0.01, weightDecay: 0.1 } },
  'clipped momentum, pulled back': {
    optimizer: { name: 'sgd', learningRate: 0.05, momentum: 0.9 },
    clipNorm: 0.1,
    proximal: 0.01,
  },
  'plain descent': { optimizer: { name: 'sgd', learningRate: 0.05, momentum: 0 } },
} as const;

async function trained({ model, weights, data }: Subject, layers: string[], rule: object) {
  const trainer = new Trainer(model);
  setLayers(trainer, weights);
  // Three batches, the last one of two samples; a rate that changes with every step.
  const local = LocalConfig.parse({ batchSize: 4, epochs: 6, schedule: { name: 'cosine' }, ...rule });
  const { update, loss } = await finish(trainer.train(data, { layers, local, seed: 3 }));
  trainer.dispose();
  return { loss, update: update.map(({ name, data: values }) => [name, ...values]) };
}

describe.each(subjects)('steps on %s', (_, open) => {
  it.for(Object.entries(rules))('by %s are the same repeated and told anew', async ([, rule], { skip }) => {
    if ('reason' in dawn) return skip(dawn.reason);
    await tf.setBackend('webgpu');
    const subject = await open();
    const all = subject.model.layout.layers.map((l) => l.name);
    for (const layers of [all, [subject.blocks.at(-1)!, all.at(-1)!]]) {
      play.mockClear();
      const repeated = await trained(subject, layers, rule);
      expect(play.mock.calls.length, 'repeated steps').toBeGreaterThan(3);
      const tensors = tf.memory().numTensors;
      play.mockClear();
      const plain = await trained({ ...subject, model: anew(subject.model) }, layers, rule);
      expect(play).not.toHaveBeenCalled();
      expect(repeated).toEqual(plain);
      expect(tf.memory().numTensors).toBe(tensors);
    }
  });
});
