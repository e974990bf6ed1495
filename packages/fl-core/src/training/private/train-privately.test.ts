import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Dataset, sampleCount } from '../../data/datasets/index.ts';
import { subset } from '../../data/datasets/subset.ts';
import type { Model } from '../../models/model.ts';
import { Length, type RandomWords } from '../../privacy/index.ts';
import { LocalConfig } from '../../protocol/local-config.ts';
import type { NamedTensor } from '../../protocol/safetensors.ts';
import { random } from '../../random.ts';
import { chooseBackend } from '../backend.ts';
import type { TrainOptions } from '../jobs.ts';
import { finish, type TrainingProgress } from '../progress.ts';
import { setLayers, toyData, toyModel, toyTensors } from '../testing.ts';
import { catalogModel, modelSide, smallText, textData } from '../testing-models.ts';
import { labelSetData, passageData, seededModel, smallBert, smallGpt2 } from '../testing-tasks.ts';
import { Trainer } from '../trainer.ts';

const seeded = (seed: string): RandomWords => {
  const { uniform } = random(seed);
  return { next: () => Math.floor(uniform() * 2 ** 32) };
};
const descent = { name: 'sgd', learningRate: 1, momentum: 0 } as const;

beforeAll(async () => {
  await chooseBackend({ force: 'wasm' });
});
beforeEach(() => {
  const tensors = tf.memory().numTensors;
  return () => expect(tf.memory().numTensors, 'tensors left behind').toBe(tensors);
});

type Weights = ReadonlyMap<string, readonly NamedTensor[]>;

async function trained(
  subject: { model: Model; weights: Weights },
  data: Dataset,
  {
    local,
    ...options
  }: Omit<TrainOptions, 'local' | 'seed'> & { local?: Partial<LocalConfig>; seed?: number },
) {
  const trainer = new Trainer(subject.model);
  setLayers(trainer, subject.weights);
  const seen: TrainingProgress[] = [];
  const config = LocalConfig.parse({ batchSize: sampleCount(data), optimizer: descent, ...local });
  const result = await finish(trainer.train(data, { seed: 1, ...options, local: config }), (p) =>
    seen.push(p),
  );
  const { cachedBytes } = trainer;
  trainer.dispose();
  return { ...result, seen, cachedBytes };
}

const toy = { model: toyModel, weights: toyTensors() };
const difference = (a: readonly NamedTensor[], b: readonly NamedTensor[]): number => {
  const length = new Length();
  for (const [i, { data }] of a.entries()) length.add(data.map((v, k) => v - b[i]!.data[k]!));
  return length.value;
};
const lengthOf = (update: readonly NamedTensor[]) =>
  difference(
    update,
    update.map((t) => ({ ...t, data: new Float32Array(t.data.length) })),
  );

describe('with a clip that nothing reaches, every sample and no noise', () => {
  /** Passages of one length: else a batch weighs tokens, and single samples weigh passages. */
  const even = (data: ReturnType<typeof passageData>) => ({
    ...data,
    tokens: data.tokens.map((t) => t.slice(0, Math.min(...data.tokens.map((o) => o.length)))),
  });
  it.each([
    ['images', async () => ({ ...(await catalogModel('vit-nano')), data: toyData(5, 1, modelSide) })],
    ['texts with a mask', async () => ({ ...(await catalogModel(smallText)), data: textData(5) })],
    ['sets of labels', async () => ({ ...(await seededModel(smallBert)), data: labelSetData(5) })],
    ['passages', async () => ({ ...(await seededModel(smallGpt2)), data: even(passageData(5)) })],
  ])('is a step of plain training, sample by sample: %s', async (_, make) => {
    const { model, weights, blocks, data } = await make();
    const layers = [blocks.at(-1)!, model.layout.layers.at(-1)!.name];
    const plain = await trained({ model, weights }, data, { layers });
    const own = await trained({ model, weights }, data, {
      layers,
      privacy: { clip: 100, noise: 0, words: seeded('all') },
    });
    expect(lengthOf(plain.update)).toBeGreaterThan(1e-3);
    expect(difference(plain.update, own.update)).toBeLessThan(2e-4 * lengthOf(plain.update));
    expect(own.loss).toBeCloseTo(plain.loss, 4);
    expect(own.cachedBytes).toBeGreaterThan(0);
  });

  it('is the same block by block, where memory is short', async () => {
    const { model, weights, blocks } = await catalogModel('vit-nano');
    const data = toyData(4, 1, modelSide);
    const layers = [...blocks.slice(1), 'head'];
    const privacy = () => ({ clip: 0.5, noise: 0, words: seeded('all') });
    const whole = await trained({ model, weights }, data, { layers, privacy: privacy() });
    let [low, high] = [1e5, 1e9];
    let tight: Awaited<ReturnType<typeof trained>> | null = null;
    while (high / low > 1.05) {
      const memoryBytes = Math.sqrt(low * high);
      try {
        tight = await trained({ model, weights }, data, { layers, memoryBytes, privacy: privacy() });
        high = memoryBytes;
      } catch (error) {
        expect(error).toMatchObject({ code: 'too-large' });
        low = memoryBytes;
      }
    }
    expect(tight?.plan.backward).toBe('block-wise');
    expect(difference(whole.update, tight!.update)).toBeLessThan(1e-5);
  });
});

describe('one step', () => {
  const layers = ['block1', 'head'];

  it('is changed by one sample by at most the clip over the expected batch, at any clip', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 7 }),
        fc.double({ min: 1e-3, max: 20, noNaN: true }),
        fc.nat(),
        async (index, clip, seed) => {
          const data = toyData(8, seed);
          // Zero-out: the sample is another one, brighter or darker, of another class, and its gradients may be anything.
          const other = {
            ...data,
            pixels: data.pixels.map((v, k) => (Math.floor(k / 12) === index ? 255 - v : v)),
            labels: data.labels.map((l, i) => (i === index ? (l + 1) % 3 : l)),
          };
          const without = subset(
            data,
            [...Array(8).keys()].filter((i) => i !== index),
          );
          const privacy = () => ({ clip, noise: 0, words: seeded('all') });
          // All samples are in the step: it moves by the sum over 8, or over 7.
          const [a, b, c] = await Promise.all([
            trained(toy, data, { layers, privacy: privacy() }),
            trained(toy, other, { layers, privacy: privacy() }),
            trained(toy, without, { layers, privacy: privacy() }),
          ]);
          const sums = (of: { update: readonly NamedTensor[] }, n: number) =>
            of.update.map((t) => ({ ...t, data: t.data.map((v) => v * n) }));
          // The update is in float32, as are the weights that it is read from.
          const rounding = 1e-5 * (1 + clip);
          expect(difference(sums(a, 8), sums(c, 7))).toBeLessThanOrEqual(clip * (1 + 1e-6) + rounding);
          expect(difference(sums(a, 8), sums(b, 8))).toBeLessThanOrEqual(2 * clip * (1 + 1e-6) + rounding);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('has noise of the deviation that was asked for on every tensor, whatever the samples, also where there are none', async () => {
    const [clip, noise, batchSize] = [0.5, 3, 2];
    const deviation = (noise * clip) / batchSize;
    let [squares, values] = [0, 0];
    for (let run = 0; run < 40; run++) {
      const of = (n: number) =>
        trained(toy, toyData(8), {
          layers,
          local: { batchSize, maxBatches: 1 },
          privacy: { clip, noise: n, words: seeded(`run ${run}`) },
        });
      // The draw comes before the noise: the same samples are in both.
      const [noised, plain] = [await of(noise), await of(0)];
      for (const [i, t] of noised.update.entries()) {
        for (const [k, v] of t.data.entries()) squares += ((v - plain.update[i]!.data[k]!) / deviation) ** 2;
        values += t.data.length;
      }
    }
    expect(Math.abs(squares - values)).toBeLessThan(4 * Math.sqrt(2 * values));
  });
});

describe('training', () => {
  const layers = ['block2', 'head'];

  it('makes the steps of an epoch, follows nothing of the seed, and draws what its words say', async () => {
    const run = (words: string, seed: number) =>
      trained(toy, toyData(10), {
        layers,
        local: { batchSize: 3, epochs: 2, optimizer: { ...descent, learningRate: 0.1 } },
        seed,
        privacy: { clip: 1, noise: 1, words: seeded(words) },
      });
    const [first, again, otherSeed, otherWords] = [
      await run('a', 1),
      await run('a', 1),
      await run('a', 2),
      await run('b', 1),
    ];
    expect(first.steps).toBe(8);
    expect(first.seen.map((p) => p.fraction)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((n) => n / 8));
    expect(again.update).toEqual(first.update);
    expect(otherSeed.update).toEqual(first.update);
    expect(difference(otherWords.update, first.update)).toBeGreaterThan(0.1);
  });

  it('bounds the batches of an epoch, and moves by noise alone where nobody was drawn', async () => {
    const words = seeded('nobody');
    // Of 4 samples, one in a step: a draw of 3 takes none of them. The words after that are for noise.
    let drawn = 0;
    const none: RandomWords = { next: () => (drawn++ < 4 ? 3 : words.next()) };
    const { steps, loss, update, seen } = await trained(toy, toyData(4), {
      layers,
      local: { batchSize: 1, maxBatches: 1 },
      privacy: { clip: 1, noise: 1, words: none },
    });
    expect([steps, loss]).toEqual([1, 0]);
    expect(seen).toEqual([{ fraction: 1 }]);
    expect(lengthOf(update)).toBeGreaterThan(1);
  });

  it('counts a sample that breaks the numbers as zeros, tells its own person, and goes on', async () => {
    const data = toyData(6);
    const all = await trained({ ...toy, model: { ...toyModel, stages: toyModel.stages.map(nan) } }, data, {
      layers,
      privacy: { clip: 1, noise: 1, words: seeded('all') },
    });
    expect(all.skipped).toBe(6);
    expect(all.update.every((t) => t.data.every(Number.isFinite))).toBe(true);
  });

  it('ends when it is told to, between samples, and leaves nothing behind', async () => {
    const abort = new AbortController();
    const trainer = new Trainer(toyModel);
    setLayers(trainer, toy.weights);
    const words = seeded('long');
    const job = finish(
      trainer.train(toyData(10), {
        layers,
        local: LocalConfig.parse({ batchSize: 4, epochs: 100 }),
        seed: 1,
        privacy: { clip: 1, noise: 1, words },
        control: { signal: abort.signal },
      }),
      () => abort.abort(new Error('enough')),
    );
    await expect(job).rejects.toThrow('enough');
    trainer.dispose();
  });

  it('refuses no samples', async () => {
    const trainer = new Trainer(toyModel);
    const job = finish(
      trainer.train(toyData(0), {
        ...{ layers, local: LocalConfig.parse({}), seed: 1 },
        privacy: { clip: 1, noise: 1, words: seeded('none') },
      }),
    );
    await expect(job).rejects.toMatchObject({ code: 'bad-request' });
    trainer.dispose();
  });
});

/** A stage whose output is no number. */
const nan = (stage: Model['stages'][number]): Model['stages'][number] => ({
  ...stage,
  forward: (p, a) => {
    const { x } = stage.forward(p, a);
    return stage.layer === 'block1' ? { x: tf.mul(x, Number.NaN) } : { x };
  },
});
