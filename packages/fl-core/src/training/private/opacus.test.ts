import { readFileSync, writeFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { registerKernels } from '../../kernels/index.ts';
import { type Dawn, openDawn, startDawn } from '../../kernels/testing/dawn.ts';
import { drawSamples, type RandomWords } from '../../privacy/index.ts';
import { LocalConfig } from '../../protocol/local-config.ts';
import { random } from '../../random.ts';
import { chooseBackend } from '../backend.ts';
import { finish } from '../progress.ts';
import { setLayers, toyData, toyModel, toyTensors } from '../testing.ts';
import { Trainer } from '../trainer.ts';

/** DP-SGD of the toy network beside Opacus', with noise 0 and the batches that our draw gives: fixtures/dp-sgd.py. */

const fixture = (name: string) => new URL(`fixtures/${name}`, import.meta.url);
const samples = 9;
const batchSize = 4;
const epochs = 2;
const data = toyData(samples);
const weights = toyTensors();

const scripted = (): RandomWords => {
  const { uniform } = random('opacus');
  return { next: () => Math.floor(uniform() * 2 ** 32) };
};

/** What the training below draws: without noise its words are for nothing else. */
function drawnBatches(): number[][] {
  const words = scripted();
  const steps = epochs * Math.ceil(samples / batchSize);
  return Array.from({ length: steps }, () => drawSamples(samples, batchSize, words));
}

const input = {
  layers: Object.fromEntries(
    [...weights].map(([layer, tensors]) => [
      layer,
      tensors.map(({ shape, data: values }) => ({ shape, data: [...values] })),
    ]),
  ),
  pixels: [...data.pixels],
  labels: [...data.labels],
  batchSize,
  batches: drawnBatches(),
};
if (process.env.STRATA_WRITE_INPUT === '1')
  writeFileSync(fixture('dp-sgd.input.json'), JSON.stringify(input));

const Tensors = z.record(z.string(), z.array(z.number()));
const { cases } = z
  .object({
    cases: z.array(
      z.object({
        trained: z.array(z.string()),
        clip: z.number(),
        optimizer: z.enum(['sgd', 'adamw']),
        norms: z.array(z.number()),
        sum: Tensors,
        end: Tensors,
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(fixture('dp-sgd.json'), 'utf8')));

const optimizers = {
  sgd: { name: 'sgd', learningRate: 0.5, momentum: 0 },
  adamw: { name: 'adamw', learningRate: 0.05, weightDecay: 0 },
} as const;

let dawn: Dawn | { readonly reason: string };
beforeAll(async () => {
  await chooseBackend({ force: 'wasm' });
  dawn = await openDawn();
  registerKernels('webgpu');
  if (!('reason' in dawn)) await startDawn(dawn);
});

it('was asked of Opacus with the numbers of this test, and some gradients were clipped', () => {
  expect(JSON.parse(readFileSync(fixture('dp-sgd.input.json'), 'utf8'))).toEqual(input);
  expect(cases.filter((c) => c.norms.some((n) => n > c.clip)).length).toBeGreaterThan(3);
  expect(cases.filter((c) => c.norms.every((n) => n < c.clip)).length).toBeGreaterThan(3);
});

describe.each(['wasm', 'webgpu'])('on %s', (backend) => {
  async function trained({ trained: layers, clip, optimizer }: (typeof cases)[number], one: boolean) {
    await tf.setBackend(backend);
    const tensors = tf.memory().numTensors;
    const trainer = new Trainer(toyModel);
    setLayers(trainer, weights);
    const { update, skipped, steps } = await finish(
      trainer.train(data, {
        layers,
        local: LocalConfig.parse({
          batchSize,
          epochs: one ? 1 : epochs,
          maxBatches: one ? 1 : 0,
          optimizer: one ? { name: 'sgd', learningRate: 1, momentum: 0 } : optimizers[optimizer],
        }),
        seed: 1,
        privacy: { clip, noise: 0, words: scripted() },
      }),
    );
    trainer.dispose();
    expect(tf.memory().numTensors, 'tensors left behind').toBe(tensors);
    expect([skipped, steps]).toEqual([0, one ? 1 : input.batches.length]);
    return update;
  }

  it.for(cases.map((c) => [`${c.trained.join('+')}, clip ${c.clip}, ${c.optimizer}`, c] as const))(
    'sums clipped gradients and moves as Opacus: %s',
    async ([, one], { skip }) => {
      if (backend === 'webgpu' && 'reason' in dawn) return skip(dawn.reason);
      // One step of plain descent at rate 1 moves by the sum over the expected batch.
      for (const { name, data: values } of await trained(one, true)) {
        expect(values).toHaveLength(one.sum[name]!.length);
        for (const [k, v] of values.entries())
          expect(Math.abs(-v * batchSize - one.sum[name]![k]!), name).toBeLessThan(1e-5);
      }
      const before = new Map([...weights.values()].flat().map((t) => [t.name, t.data]));
      for (const { name, data: values } of await trained(one, false)) {
        for (const [k, v] of values.entries()) {
          const ours = v + before.get(name)![k]!;
          expect(Math.abs(ours - one.end[name]![k]!), name).toBeLessThan(
            one.optimizer === 'sgd' ? 2e-5 : 2e-4,
          );
        }
      }
    },
  );
});
