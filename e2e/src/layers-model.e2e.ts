import '@tensorflow/tfjs-backend-cpu';
import { readFile } from 'node:fs/promises';
import { samples } from '@strata/fl-core/data';
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { strFromU8, unzipSync } from 'fflate';
import type { Outcome, WorkerTask } from './backends/layers-model-worker.ts';
import { runWorker } from './backends/run-worker.ts';
import { openWorkerPage, type WorkerPage } from './backends/worker-page.ts';
import { expect, test } from './test.ts';

const fixture = new URL(
  '../../packages/fl-core/src/models/architectures/layers-model/fixtures/network/',
  import.meta.url,
);

test.describe('in a worker of Chromium', () => {
  let worker: WorkerPage;
  test.beforeAll(async ({ browser }) => {
    worker = await openWorkerPage('layers-model-worker.ts', browser);
  });
  test.afterAll(() => worker?.close());

  // SwiftShader takes minutes to compile the shaders where other tests run beside it.
  test.describe.configure({ timeout: 480_000 });
  for (const force of ['wasm', 'webgpu'] as const) {
    test(`${force}: has the logits and gradients of PyTorch`, { tag: '@long' }, async () => {
      const { backend, logits, loss, gradients, left } = await runWorker<WorkerTask, Outcome>(worker.page, {
        force,
      });
      const worst = Math.max(...Object.values(gradients));
      console.log(`${force}: logits ${logits.toExponential(1)}, gradients ${worst.toExponential(1)}`);
      expect(backend).toBe(force);
      expect(Object.keys(gradients)).toHaveLength(15);
      for (const error of [logits, loss, worst]) expect(error).toBeLessThan(1e-4);
      expect(left).toBe(0);
    });
  }
});

const file = async (name: string) => ({
  name,
  mimeType: '',
  buffer: await readFile(new URL(name, fixture)),
});

test('a LayersModel from the operator’s disk is uploaded, chosen, trained by three tabs, and opens in TensorFlow.js again', {
  tag: '@long',
}, async ({ world }) => {
  const page = await world.operate('/operator/new', { width: 360 });
  await page.getByTestId('import-model').click();
  const input = page.getByTestId('model-files');
  await input.setInputFiles([await file('model.json')]);
  await expect(page.getByRole('alert')).toContainText(/weights\.bin cannot be read/);
  await input.setInputFiles([await file('model.json'), await file('weights.bin')]);
  const choice = page.getByRole('radio', { name: /small_network/ });
  await expect(choice).toBeChecked();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  // The file does not say what pixels go in as: the form asks before it makes a run.
  await page.getByTestId('create').click();
  const pixels = page.getByRole('combobox', { name: /Pixels go in as/ });
  await expect(pixels).toHaveAccessibleDescription(/Choose what the model takes/);
  await pixels.click();
  await page.getByRole('option', { name: '0 to 1' }).click();
  await page.getByTestId('create').click();
  await page.waitForURL(/operator\/runs\/run-/);
  const made = await world.api.run(page.url().replace(/.*\/(run-\w+).*/, '$1'));
  expect(made.layers.map((l) => `${l.role} ${l.name}`)).toEqual([
    'embed frozen',
    'block stem',
    'block inner',
    'block depth',
    'block point',
    'block hidden',
    'head head',
  ]);
  expect(made.config.side).toBe(12);
  expect(made.config.model).toMatchObject({ pixels: 'unit' });

  // The same model, with less work: three tabs share two cores.
  const run = await world.startRun({
    model: made.config.model,
    side: 12,
    rounds: 2,
    local: { epochs: 2, batchSize: 8, maxBatches: 4, optimizer: { name: 'adamw', learningRate: 0.01 } },
  });
  await Promise.all([0, 1, 2].map((shard) => world.join(run, shard, { backend: 'wasm' })));
  const view = await world.finished(run);
  expect(view.rounds.map((r) => r.phase)).toEqual(['committed', 'committed']);
  expect(view.rounds.every((r) => r.updates === 3 && r.loss !== null)).toBe(true);
  expect(view.checkpoint.layers.frozen).toEqual(made.checkpoint.layers.frozen);

  const files = unzipSync(await world.api.modelFolder(run));
  const json = JSON.parse(strFromU8(files['model.json']!));
  const model = await loadLayersModel({
    load: async () => ({
      ...json,
      weightSpecs: json.weightsManifest[0].weights,
      weightData: new Uint8Array(files['weights.bin']!).buffer,
    }),
  });
  const answer = model.predict(tf.zeros([2, 12, 12, 3])) as tf.Tensor;
  expect(answer.shape).toEqual([2, samples.emoji.labels.length]);
  const [sum = 0] = Array.from(tf.sum(answer, 1).dataSync());
  expect(sum).toBeCloseTo(1, 5);
  expect(model.getUserDefinedMetadata()).toEqual({
    labels: [...samples.emoji.labels],
    pixels: 'unit',
    side: 12,
  });
  // The browser itself reports the refusal above, and nothing else.
  expect(world.pageErrors).toEqual([expect.stringMatching(/status of 422/)]);
});
