import { describe, expect, it } from 'vitest';
import { decodeSafetensors, type RunConfigInput, type Work } from '../../protocol/index.ts';
import { bufferedProblems } from '../buffered/config-problems.ts';
import { checkConfig } from '../check-config.ts';
import { layoutFor } from '../layout.ts';
import { summarize } from '../summary.ts';
import {
  answerAll,
  hello,
  memoryRun,
  startCrew,
  testConfig,
  tinyModel,
  updateBytes,
} from '../testing/index.ts';
import { sameWork } from '../work.ts';
import type { MemoryRun } from './run.ts';

/** Buffered runs, worked by hand: c1 and c2 are fast, c3 takes its time. A buffer holds two updates. */

const config = (more: Partial<RunConfigInput> = {}, staleness = 10, atWork = 3) =>
  testConfig({
    model: tinyModel,
    side: 8,
    rounds: 9,
    strategy: { name: 'top' },
    budget: { kind: 'fixed', unit: 'layers', amount: 1 },
    aggregation: { rule: { name: 'mean' }, weightCap: null },
    cohort: { goal: 2, minimum: 1, quorum: 0.5, timing: { kind: 'buffered', atWork, staleness } },
    deadlines: { probing: 20, training: 60, evaluating: 20 },
    ...more,
  });
type Train = Extract<Work, { kind: 'train' }>;
const workOf = (run: MemoryRun, id: string): Train => {
  const work = run.work(id);
  if (work.kind !== 'train') throw new Error(`${id} has ${work.kind}, not train.`);
  return work;
};
const fast = ['c1', 'c2'];
const send = (run: MemoryRun, id: string, work = workOf(run, id)) =>
  run.update(id, work.round, updateBytes(run, id, work));
const committed = (run: MemoryRun, count: number) => () => run.book.committed.length >= count;
const phase = (run: MemoryRun) => run.book.openRound?.phase;

describe('a buffered run', () => {
  it('R2: a buffer closes as it is full, without a grace; who is not done keeps its work, and it counts later', async () => {
    expect(() => checkConfig(config())).not.toThrow();
    const run = await memoryRun({ config: config() });
    await startCrew(run, 3);
    const slow = workOf(run, 'c3');
    const begun = run.clock.now;
    await send(run, 'c1');
    expect(phase(run)).toBe('training');
    await send(run, 'c2');
    expect([phase(run), run.clock.now]).toEqual(['evaluating', begun]);
    // who is at work is not asked how the model does, and goes on
    expect(run.work('c1').kind).toBe('evaluate');
    expect(sameWork(run.work('c3'), slow)).toBe(true);
    await answerAll(run, fast, committed(run, 1));
    expect(run.book.round(1)).toMatchObject({ phase: 'committed' });
    expect(run.book.member(1, 'c3')).toMatchObject({ update: null, late: false, left: false });
    // R1, R10: it is in the next round's cohort with the mask that it has, and nobody more than may be at work
    expect(run.book.cohort(2).map((m) => [m.client, m.given?.round])).toEqual([
      ['c1', 2],
      ['c2', 2],
      ['c3', 1],
    ]);
    expect(run.book.member(2, 'c3')).toMatchObject({ mask: slow.mask, samples: 30, missed: 0 });
    expect(sameWork(run.work('c3'), slow)).toBe(true);
    await answerAll(run, fast, committed(run, 2));
    expect(sameWork(run.work('c3'), slow)).toBe(true);
    await run.advance(50);
    await send(run, 'c3', slow);
    expect(run.book.member(3, 'c3')).toMatchObject({ seconds: 50 });
    await send(run, 'c1');
    await answerAll(run, ['c1', 'c3'], committed(run, 3));

    // By hand: the head was changed twice since its copy, as were the layers of "top": s = 1 / sqrt(3), d = 10 and 30.
    const [bias] = layoutFor(run.book.run.config).layers.find((l) => l.name === 'head')!.tensors;
    const valueIn = (sha256: string) =>
      decodeSafetensors(run.book.read(sha256)).tensors.find((t) => t.name === bias!.name)!.data[0]!;
    const head = (round: number) => valueIn(run.book.checkpoint(round).layers.head!.sha256);
    const change = (id: string) => valueIn(run.book.member(3, id)!.update!);
    const wanted = (10 * change('c1') + (30 / Math.sqrt(3)) * change('c3')) / 40;
    expect(head(3) - head(2)).toBeCloseTo(wanted, 6);
    const summary = (round: number) =>
      summarize(run.book.run.config, run.book.round(round), run.book.cohort(round), run.clock.now);
    expect([1, 2, 3].map((round) => summary(round).stale)).toEqual([
      { updates: 0, mean: 0 },
      { updates: 0, mean: 0 },
      { updates: 1, mean: 1 },
    ]);
  });

  it('an update that comes while no buffer takes any is refused for the moment, and counts when it is sent again', async () => {
    const run = await memoryRun({ config: config() });
    await startCrew(run, 3);
    const slow = workOf(run, 'c3');
    await send(run, 'c1');
    await send(run, 'c2');
    await expect(send(run, 'c3', slow)).rejects.toMatchObject({ code: 'unavailable' });
    await run.command('pause');
    await answerAll(run, fast, committed(run, 1));
    expect(run.book.openRound).toBeNull();
    await expect(send(run, 'c3', slow)).rejects.toMatchObject({ code: 'unavailable' });
    expect(sameWork(run.work('c3'), slow)).toBe(true);
    await run.command('resume');
    await expect(send(run, 'c3', slow)).resolves.toMatchObject({ duplicate: false });
    await expect(send(run, 'c3', slow)).resolves.toMatchObject({ duplicate: true });
    // R5: not under the number of the round that it counts in, nor an evaluation of the round that it is of
    await expect(send(run, 'c3', { ...slow, round: 2 })).rejects.toMatchObject({ code: 'wrong-round' });
    await send(run, 'c1');
    expect(run.work('c3')).toMatchObject({ kind: 'evaluate', round: 2 });
    const said = { round: 1, loss: 1, accuracy: 0.5, samples: 4 };
    await expect(run.evaluated('c3', said)).rejects.toMatchObject({ code: 'wrong-round' });
  });

  it('R5: what is older than the limit is dropped, with the reason, and its client gets new work', async () => {
    const run = await memoryRun({ config: config({}, 1) });
    await startCrew(run, 3);
    const slow = workOf(run, 'c3');
    await answerAll(run, fast, committed(run, 1));
    expect(run.book.member(2, 'c3')?.given?.round).toBe(1); // one version old
    await answerAll(run, fast, committed(run, 2));
    expect(run.book.member(2, 'c3')).toMatchObject({ late: true });
    await expect(send(run, 'c3', slow)).rejects.toMatchObject({ code: 'too-stale' });
    // it is drawn again, as one that has missed a round
    expect(run.book.member(3, 'c3')).toMatchObject({ missed: 1, given: { round: 3, base: 2, committed: 2 } });
    expect(workOf(run, 'c3')).toMatchObject({ round: 3, checkpoint: { round: 2 } });
    await expect(send(run, 'c3')).resolves.toMatchObject({ duplicate: false });
  });

  it('R10: a device that never answers takes nobody’s place for ever', async () => {
    const run = await memoryRun({ config: config({ rounds: 30 }, 1, 2) });
    await startCrew(run, 3);
    for (let n = 0; n < 12 && !committed(run, 5)(); n++) {
      await answerAll(run, fast, committed(run, 5));
      await run.advance(60);
    }
    const withSilent = [...run.book.rounds.keys()].filter((round) => run.book.member(round, 'c3'));
    expect(run.book.committed.length).toBeGreaterThanOrEqual(5);
    expect(withSilent.length).toBeLessThan(run.book.rounds.size);
  });

  it('R2: at the deadline a buffer closes with the quorum and carries the others; an abandoned round carries nobody', async () => {
    const run = await memoryRun({ config: config() });
    await startCrew(run, 3);
    await send(run, 'c1');
    await run.advance(60);
    await answerAll(run, ['c1'], committed(run, 1));
    expect(run.book.cohort(2).map((m) => m.given?.round)).toEqual([2, 1, 1]);
    await run.advance(60);
    expect(run.book.round(2)).toMatchObject({ phase: 'abandoned' });
    await run.advance(1);
    expect(run.book.cohort(3).map((m) => [m.missed, m.given?.round])).toEqual([
      [1, 3],
      [1, 3],
      [1, 3],
    ]);
  });

  it('who has left is not carried, and begins anew when it is back', async () => {
    const run = await memoryRun({ config: config() });
    await startCrew(run, 3);
    const slow = workOf(run, 'c3');
    await run.leave('c3');
    await run.hello('c3', hello('c3'));
    expect(run.work('c3')).toMatchObject({ kind: 'wait', reason: 'next-round' });
    await expect(send(run, 'c3', slow)).rejects.toMatchObject({ code: 'not-in-cohort' });
    await answerAll(run, fast, committed(run, 1));
    expect(workOf(run, 'c3').round).toBe(2);
    await expect(send(run, 'c3', slow)).rejects.toMatchObject({ code: 'too-stale' });
  });

  it('R7: the same updates in the same buffers give the same bytes, with crashes and every step twice', async () => {
    const lived = async (everyStepTwice: boolean, crash: boolean) => {
      const run = await memoryRun({ config: config(), everyStepTwice });
      await startCrew(run, 3);
      const slow = workOf(run, 'c3');
      await answerAll(run, fast, committed(run, 2));
      if (crash) {
        await run.restart();
        for (const id of ['c1', 'c2', 'c3']) await run.hello(id, hello(id));
      }
      expect(sameWork(run.work('c3'), slow)).toBe(true);
      await send(run, 'c3', slow);
      await send(run, 'c1');
      await answerAll(run, ['c1', 'c3'], committed(run, 3));
      return run.book.checkpoint(3).layers;
    };
    const first = await lived(false, false);
    expect(await lived(true, false)).toEqual(first);
    expect(await lived(false, true)).toEqual(first);
  });

  it.each([
    ['a buffer that never fills', config({}, 10, 1), 'never fills'],
    [
      'sealing',
      config({
        aggregation: { rule: { name: 'mean' }, weightCap: null, sealing: { kind: 'sealed', samples: 10 } },
      }),
      'do not cancel',
    ],
    [
      'differential privacy of a client',
      config({ privacy: { kind: 'client', epsilon: 8, delta: 1e-3, clip: 1 } }),
      'one cohort',
    ],
    ['time boxes', config({ local: { timeBox: 5 } }), 'no end of training'],
    ['a warm start', config({ local: { head: { warmUp: { rounds: 1 } } } }), 'warm start'],
    ['ranks', config({ aggregation: { rule: { name: 'median', byzantine: 0 } } }), 'counts clients alike'],
    ['Krum', config({ aggregation: { rule: { name: 'krum', byzantine: 0 } } }), 'counts clients alike'],
    ['moments', config({ aggregation: { optimizer: { name: 'fedadam' } } }), 'keeps moments'],
    ['participation', config({ aggregation: { participation: 'share' } }), 'no such cohort'],
    ['a probe', config({ strategy: { name: 'strata', lambda: 1 } }), 'asks for a probe'],
    [
      'budgets in milliseconds',
      config({ budget: { kind: 'fixed', unit: 'milliseconds', amount: 60 } }),
      'measured by a probe',
    ],
  ])('is refused with %s', (_, asked, words) => {
    const { cohort } = asked;
    expect(bufferedProblems(asked).map((p) => p.message)).toEqual([expect.stringContaining(words)]);
    expect(() => checkConfig(asked)).toThrow();
    expect(bufferedProblems({ ...asked, cohort: { ...cohort, timing: { kind: 'rounds' } } })).toEqual([]);
  });
});
