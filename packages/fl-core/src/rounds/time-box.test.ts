import { describe, expect, it } from 'vitest';
import { decodeSafetensors, encodeSafetensors, type RunConfigInput } from '../protocol/index.ts';
import { countedUpdates } from './candidate.ts';
import { memberViews, summarize } from './summary.ts';
import { answerAll, memoryRun, startCrew, syntheticDelta, testConfig, tinyModel } from './testing/index.ts';
import { partsNote, stepsAsked, stepsCounted, trainedShare } from './time-box.ts';

const local = (more: Partial<NonNullable<RunConfigInput['local']>> = {}) =>
  testConfig({ local: { timeBox: 5, batchSize: 4, epochs: 3, ...more } });

it('steps that are asked for follow from the samples that were declared', () => {
  expect(stepsAsked(local(), 0, { samples: 9 })).toBe(9);
  expect(stepsAsked(local({ maxBatches: 2 }), 0, { samples: 9 })).toBe(6);
  expect(stepsAsked(local({ head: { warmUp: { rounds: 1, epochs: 5 } } }), 0, { samples: 9 })).toBe(15);
  expect(stepsAsked(local({ head: { warmUp: { rounds: 1, epochs: 5 } } }), 1, { samples: 9 })).toBe(9);
  expect(stepsAsked(local({ timeBox: null }), 0, { samples: 9 })).toBeNull();
});

it('no more steps count than were asked for; an update that says nothing stands for all', () => {
  expect(stepsCounted({ stepsAsked: 9 }, 1e9)).toBe(9);
  expect(stepsCounted({ stepsAsked: 9 })).toBe(9);
  expect(stepsCounted({ stepsAsked: null }, 3)).toBeNull();
  expect(trainedShare({ stepsAsked: 9, stepsDone: 3 })).toBe(3 / 9);
  expect(trainedShare({ stepsAsked: null, stepsDone: null })).toBe(1);
});

it('the log names who sent a part', () => {
  const member = (client: string, stepsDone: number | null) => ({
    client,
    stepsAsked: 9,
    stepsDone,
    update: 'a',
  });
  expect(partsNote([member('a', 9), { ...member('b', 2), update: null }])).toBeNull();
  const many = Array.from({ length: 7 }, (_, i) => member(`c${i}`, 2));
  expect(partsNote([member('a', 3)])).toContain('a sent 3 of 9 steps.');
  expect(partsNote(many)).toContain('c4 sent 2 of 9 steps; and 2 more sent a part.');
});

describe('a round in which one member is slow', () => {
  it('R6: its part weighs as its share of the steps, however many it claims; the others as ever', async () => {
    const config = testConfig({
      model: tinyModel,
      side: 8,
      rounds: 1,
      strategy: { name: 'head-only' },
      aggregation: { rule: { name: 'mean' }, weightCap: null },
      local: { timeBox: 5, batchSize: 5, epochs: 2 },
    });
    const run = await memoryRun({ config });
    // 10, 20 and 30 samples: 4, 8 and 12 steps.
    const ids = await startCrew(run, 3);
    const said = { c1: '3', c2: '1000000', c3: undefined };
    await run.advance(6);
    for (const [id, steps] of Object.entries(said)) {
      const work = run.work(id);
      if (work.kind !== 'train') throw new Error(`${id} is to ${work.kind}`);
      expect(work.box).toEqual({ stopMs: 9000, closes: run.book.openRound?.deadline?.getTime() });
      const tensors = syntheticDelta(config, work.train, work.seed);
      const metadata = { samples: String(run.book.member(1, id)?.samples), loss: id === 'c1' ? '3' : '1' };
      await run.update(id, 1, encodeSafetensors(tensors, { ...metadata, ...(steps ? { steps } : {}) }));
    }
    const cohort = run.book.cohort(1);
    expect(cohort.map((m) => [m.stepsDone, m.stepsAsked])).toEqual([
      [3, 4],
      [8, 8],
      [12, 12],
    ]);
    expect(countedUpdates(run.book.run, cohort).map((u) => u.samples)).toEqual([7.5, 20, 30]);
    // What all of it would have taken at that pace, for budgets that go by time.
    expect(cohort.map((m) => m.seconds)).toEqual([8, 6, 6]);
    expect(memberViews(config, cohort).map((m) => m.steps)).toEqual([
      { done: 3, asked: 4 },
      { done: 8, asked: 8 },
      { done: 12, asked: 12 },
    ]);
    await answerAll(run, ids);
    const { trainLoss } = summarize(config, run.book.round(1), run.book.cohort(1), run.clock.now);
    expect(trainLoss).toBeCloseTo((3 * 7.5 + 50) / 57.5, 12);
    const tensorsOf = (sha256: string) => decodeSafetensors(run.book.read(sha256)).tensors;
    const headOf = (round: number) => tensorsOf(run.book.checkpoint(round).layers.head!.sha256);
    const deltas = cohort.map((m) => tensorsOf(m.update!));
    headOf(1).forEach(({ data }, t) => {
      data.forEach((value, k) => {
        const mean = [7.5, 20, 30].reduce((sum, d, i) => sum + (d / 57.5) * deltas[i]![t]!.data[k]!, 0);
        expect(value).toBeCloseTo(headOf(0)[t]!.data[k]! + mean, 6);
      });
    });
  });
});
