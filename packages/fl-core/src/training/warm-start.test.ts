import { beforeAll, describe, expect, it } from 'vitest';
import { labelMapOf, sumsIn } from '../closed-form/index.ts';
import { solveHead } from '../closed-form/solve.ts';
import type { Dataset } from '../data/datasets/index.ts';
import { loadModel, specOf } from '../models/index.ts';
import { decodeSafetensors, encodeSafetensors, isModelWork, type RunConfigInput } from '../protocol/index.ts';
import type { MemoryRun } from '../rounds/memory/run.ts';
import { testConfig, tinyModel } from '../rounds/testing/config.ts';
import { memoryRun, startCrew } from '../rounds/testing/crew.ts';
import { chooseBackend } from './backend.ts';
import { finish } from './progress.ts';
import { toyData } from './testing.ts';
import { Trainer } from './trainer.ts';

const samples = 24;
type HeadInput = NonNullable<RunConfigInput['local']>['head'];

/** Does a participant's work with a real trainer; false when there is none. */
async function act(run: MemoryRun, id: string, trainer: Trainer, data: Dataset): Promise<boolean> {
  const work = run.work(id);
  if (!isModelWork(work)) return false;
  for (const [layer, { sha256 }] of Object.entries(work.checkpoint.layers))
    trainer.setLayer(layer, decodeSafetensors(run.book.read(sha256)).tensors);
  const { local } = run.book.run.config;
  const { batchSize } = local;
  switch (work.kind) {
    case 'probe': {
      const { round, seed, score } = work;
      const probed = await finish(
        trainer.probe(data, { batches: local.probeBatches, batchSize, seed, score }),
      );
      await run.probed(id, { round, scores: probed.scores, samples, loss: probed.loss });
      return true;
    }
    case 'train': {
      const { round, train: layers, seed, span, method } = work;
      if (method.kind === 'closed-form') {
        const { update } = await finish(trainer.sumFeatures(data, { batchSize, maxBatches: 0, seed }));
        await run.update(id, round, encodeSafetensors(update, { samples: String(samples) }));
        return true;
      }
      const { epochs } = method;
      const options = { layers, local: { ...local, epochs }, seed, span };
      const { update, loss, steps } = await finish(trainer.train(data, options));
      expect(steps).toBe(epochs * Math.ceil(samples / batchSize));
      const metadata = { samples: String(samples), loss: String(loss) };
      await run.update(id, round, encodeSafetensors(update, metadata));
      return true;
    }
    case 'evaluate': {
      const { loss, accuracy } = await finish(trainer.evaluate(data, { batchSize }));
      await run.evaluated(id, { round: work.round, loss, accuracy, samples });
      return true;
    }
    default:
      return work satisfies never;
  }
}

/** Each committed round: scores and masks of its members, and the loss on held-out data. */
async function rounds(warmUp: NonNullable<HeadInput>['warmUp'], more: Partial<RunConfigInput> = {}) {
  const config = testConfig({
    model: tinyModel,
    side: 8,
    rounds: 2,
    local: {
      batchSize: 8,
      optimizer: { name: 'adamw', learningRate: 0.01 },
      head: { warmUp },
    },
    ...more,
  });
  const run = await memoryRun({ config });
  const ids = await startCrew(run, 3, { samples });
  const spec = specOf(config);
  const crew = await Promise.all(
    ids.map(async (id, i) => ({
      id,
      trainer: new Trainer(await loadModel(spec, { classes: config.labels.length, side: config.side })),
      data: toyData(samples, i + 1, config.side),
    })),
  );
  for (let busy = true; busy; ) {
    busy = false;
    for (const { id, trainer, data } of crew) busy = (await act(run, id, trainer, data)) || busy;
  }
  for (const { trainer } of crew) trainer.dispose();
  const heads = run.book.committed.map(({ round }) => {
    const { sha256 } = run.book.checkpoint(round).layers.head!;
    return decodeSafetensors(run.book.read(sha256)).tensors;
  });
  return run.book.committed.map(({ round }, i) => {
    const cohort = run.book.cohort(round);
    return {
      scores: cohort.map((m) => m.scores && Object.values(m.scores)),
      masks: cohort.map((m) => m.mask?.length),
      loss: cohort.reduce((sum, m) => sum + m.evaluation!.loss, 0),
      head: heads[i]!,
    };
  });
}

const none = { rounds: 0 };
const trained = { rounds: 1, epochs: 4 };
const computed = { kind: 'closed-form' } as const;

/** The sums of all clients' samples in one place, of the model that runs begin with. */
async function together() {
  const config = testConfig({ model: tinyModel, side: 8 });
  const spec = specOf(config);
  const model = await loadModel(spec, { classes: config.labels.length, side: config.side });
  const trainer = new Trainer(model);
  const run = await memoryRun({ config });
  for (const [layer, { sha256 }] of Object.entries(run.book.checkpoint(0).layers))
    trainer.setLayer(layer, decodeSafetensors(run.book.read(sha256)).tensors);
  const parts = [1, 2, 3].map((i) => toyData(samples, i, config.side));
  const all = {
    ...parts[0]!,
    pixels: Uint8Array.from(parts.flatMap((p) => [...p.pixels])),
    labels: Int32Array.from(parts.flatMap((p) => [...p.labels])),
  };
  const { update } = await finish(trainer.sumFeatures(all, { batchSize: 8, maxBatches: 0, seed: 1 }));
  trainer.dispose();
  return { engine: labelMapOf(model.layout)!, all: sumsIn(update) };
}

describe('a head that begins at zero, on wasm', () => {
  beforeAll(async () => {
    await chooseBackend({ force: 'wasm' });
  });

  it('gives the body no gradient: without a warm start the first probe measures nothing', async () => {
    const [first, second] = await rounds(none);
    expect(first).toMatchObject({ scores: Array(3).fill([0, 0, 0]), masks: [0, 0, 0] });
    for (const scores of second!.scores) for (const score of scores!) expect(score).toBeGreaterThan(0);
  });

  it('is warmed up: the first probe comes after it and measures something, and the loss is lower by then', async () => {
    const [first, second] = await rounds(trained);
    expect(first).toMatchObject({ scores: [null, null, null], masks: [0, 0, 0] });
    for (const scores of second!.scores) for (const score of scores!) expect(score).toBeGreaterThan(0);
    expect(second!.masks).toEqual([2, 2, 2]);
    const [unwarmed] = await rounds(none);
    expect(first!.loss).toBeLessThan(unwarmed!.loss);
  });

  it('is computed: better than one that was trained for as many rounds, and then trained on', async () => {
    const [first, second] = await rounds(computed);
    expect(first).toMatchObject({ scores: [null, null, null], masks: [0, 0, 0] });
    const [warmed] = await rounds(trained);
    expect(first!.loss).toBeLessThan(warmed!.loss);
    for (const scores of second!.scores) for (const score of scores!) expect(score).toBeGreaterThan(0);
    expect(second!.head).not.toEqual(first!.head);
  });

  it('is computed of everybody who is there, whatever the goal, and however they are divided', async () => {
    const cohort = { goal: 2, minimum: 2 };
    const [first, second] = await rounds(computed, { cohort });
    expect(first!.masks).toHaveLength(3);
    expect(second!.masks).toHaveLength(2);
    const { engine, all } = await together();
    const { weight, bias } = solveHead(engine, all, 3 * samples);
    const [own, ownBias] = ['head.weight', 'head.bias'].map(
      (n) => first!.head.find((t) => t.name === n)!.data,
    );
    for (const [k, value] of weight.entries()) expect(own![k]).toBeCloseTo(value, 4);
    for (const [k, value] of bias.entries()) expect(ownBias![k]).toBeCloseTo(value, 4);
  });

  it('may be computed of several rounds; a server that keeps moments begins them after it', async () => {
    const twice = { kind: 'closed-form', rounds: 2 } as const;
    const aggregation = { optimizer: { name: 'fedadam' } } as const;
    const [first, second, third] = await rounds(twice, { rounds: 3, aggregation });
    const { engine, all } = await together();
    const headOf = (times: number) => [...solveHead(engine, all, times * 3 * samples).weight];
    for (const [i, { head }] of [first!, second!].entries())
      for (const [k, value] of headOf(i + 1).entries())
        expect(head.find((t) => t.name === 'head.weight')!.data[k]).toBeCloseTo(value, 4);
    expect(third!.head).not.toEqual(second!.head);
  });
});
