import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { chooseBackend } from './backend.ts';
import { finish } from './progress.ts';
import { setLayers, toyData, toyModel, toyTensors } from './testing.ts';
import { Trainer } from './trainer.ts';

beforeAll(async () => {
  await chooseBackend({ force: 'wasm' });
});

it('bounds an evaluation to whole batches of the same samples every time, and says how many they were', async () => {
  const trainer = new Trainer(toyModel);
  setLayers(trainer, toyTensors());
  const tensors = tf.memory().numTensors;
  const data = toyData(60);
  const evaluate = (mostSamples?: number) =>
    finish(trainer.evaluate(data, { batchSize: 8, ...(mostSamples === undefined ? {} : { mostSamples }) }));
  const all = await evaluate();
  expect(all.samples).toBe(60);
  for (const none of [0, 60, 1000]) expect(await evaluate(none)).toEqual(all);
  const some = await evaluate(20);
  // Three of eight batches, the last of which is half full.
  expect([20, 24]).toContain(some.samples);
  expect(some.loss).not.toBe(all.loss);
  expect(await evaluate(20)).toEqual(some);
  expect(tf.memory().numTensors - tensors).toBeLessThanOrEqual(toyTensors().size * 2);
  trainer.dispose();
});
