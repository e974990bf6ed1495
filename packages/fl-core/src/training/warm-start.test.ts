import { beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../data/datasets/index.ts';
import { loadModel, specOf } from '../models/index.ts';
import { decodeSafetensors, encodeSafetensors, isModelWork } from '../protocol/index.ts';
import type { MemoryRun } from '../rounds/memory/run.ts';
import { testConfig, tinyModel } from '../rounds/testing/config.ts';
import { memoryRun, startCrew } from '../rounds/testing/crew.ts';
import { chooseBackend } from './backend.ts';
import { finish } from './progress.ts';
import { toyData } from './testing.ts';
import { Trainer } from './trainer.ts';

const samples = 24;

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
      if (method.kind !== 'steps') throw new Error('not trained');
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
async function rounds(warmUp: number) {
  const config = testConfig({
    model: tinyModel,
    side: 8,
    rounds: 2,
    local: {
      batchSize: 8,
      optimizer: { name: 'adamw', learningRate: 0.01 },
      head: { warmUp: { rounds: warmUp, epochs: 4 } },
    },
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
  return run.book.committed.map(({ round }) => {
    const cohort = run.book.cohort(round);
    return {
      scores: cohort.map((m) => m.scores && Object.values(m.scores)),
      masks: cohort.map((m) => m.mask?.length),
      loss: cohort.reduce((sum, m) => sum + m.evaluation!.loss, 0),
    };
  });
}

describe('a head that begins at zero, on wasm', () => {
  beforeAll(async () => {
    await chooseBackend({ force: 'wasm' });
  });

  it('gives the body no gradient: without a warm start the first probe measures nothing', async () => {
    const [first, second] = await rounds(0);
    expect(first).toMatchObject({ scores: Array(3).fill([0, 0, 0]), masks: [0, 0, 0] });
    for (const scores of second!.scores) for (const score of scores!) expect(score).toBeGreaterThan(0);
  });

  it('is warmed up: the first probe comes after it and measures something, and the loss is lower by then', async () => {
    const [first, second] = await rounds(1);
    expect(first).toMatchObject({ scores: [null, null, null], masks: [0, 0, 0] });
    for (const scores of second!.scores) for (const score of scores!) expect(score).toBeGreaterThan(0);
    expect(second!.masks).toEqual([2, 2, 2]);
    const [unwarmed] = await rounds(0);
    expect(first!.loss).toBeLessThan(unwarmed!.loss);
  });
});
