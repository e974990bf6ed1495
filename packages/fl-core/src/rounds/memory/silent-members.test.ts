import { describe, expect, it } from 'vitest';
import {
  answerAll,
  hello,
  honestAnswer,
  memoryRun,
  startCrew,
  testConfig,
  tinyModel,
} from '../testing/index.ts';
import type { MemoryRun } from './run.ts';

/** What those who do not answer cost the others (R2, R3, R10), on whole rounds in memory. */

const config = (more: Parameters<typeof testConfig>[0] = {}) =>
  testConfig({ model: tinyModel, side: 8, ...more });
const one = { goal: 3, minimum: 3, quorum: 0.5 };
const phaseOf = (run: MemoryRun, round: number) => run.book.round(round).phase;
const phases = (run: MemoryRun, round: number) =>
  run.moves.filter((m) => m.round === round).map((m) => m.phase);
const inPhase = (run: MemoryRun, phase: string) => () => run.book.openRound?.phase === phase;

describe('a cohort with members that do not answer', () => {
  const grace = { share: 0.5, seconds: 5 };
  const defaults = { probing: 300, training: 900, evaluating: 300 };

  it('R2: a silent member costs a round no more than the grace when the goal is reached, and later ones nothing', async () => {
    // Eight clients, so that a round finds three that answer beside the two that never do.
    const run = await memoryRun({
      config: config({ rounds: 6, deadlines: defaults, cohort: { ...one, goal: 5, grace } }),
    });
    const ids = await startCrew(run, 8);
    const silent = run.book.cohort(1).slice(0, 2);
    const honest = ids.filter((id) => silent.every((m) => m.client !== id));
    const begin = run.clock.now;
    // Round 1 has three of the five that are wanted: it is not known yet that nothing will come.
    await answerAll(run, honest, inPhase(run, 'training'));
    await run.advance(300);
    expect(phaseOf(run, 1)).toBe('training');
    const first = run.clock.now - begin;
    for (let seconds = 0; run.book.run.state === 'running'; seconds++) {
      await answerAll(run, honest);
      await run.advance(1);
      expect(seconds).toBeLessThan(60);
    }
    expect(phases(run, 6).at(-1)).toBe('committed');
    expect(first).toBe(300_000);
    for (const round of [2, 3, 5, 6]) {
      const { openedAt, closedAt } = run.book.round(round);
      expect(closedAt!.getTime() - openedAt.getTime()).toBe(0);
      const asked = run.book.cohort(round).map((m) => m.client);
      expect(asked.filter((id) => !honest.includes(id))).toEqual([]);
    }
    // Every fourth round looks whether one of them is back, which costs each phase that it misses the grace.
    const { openedAt, closedAt } = run.book.round(4);
    expect(closedAt!.getTime() - openedAt.getTime()).toBeLessThanOrEqual(6000);
  });

  it('R2, R3: at the goal the deadline comes nearer, is told once, and holds over a restart', async () => {
    const run = await memoryRun({
      config: config({ deadlines: defaults, cohort: { goal: 2, minimum: 2, quorum: 1, grace } }),
      graceMs: 60_000,
    });
    await startCrew(run, 3);
    // As if a member had dropped out before: the goal is two, three are asked.
    const asked = () => run.book.cohort(1).map((m) => m.client);
    expect(asked()).toHaveLength(2);
    await run.leave(asked()[0]!);
    expect(phaseOf(run, 1)).toBe('abandoned');
    await run.hello('c1', hello('c1'));
    await run.hello('c2', hello('c2'));
    await run.hello('c3', hello('c3'));
    await run.advance(1);
    const cohort = run.book.cohort(2).map((m) => m.client);
    expect(cohort).toHaveLength(3);
    await run.advance(20);
    await answerAll(run, cohort.slice(0, 2));
    const { deadline } = run.book.round(2);
    expect(deadline?.getTime()).toBe(run.clock.now + 10_000);
    await run.advance(4);
    await run.restart();
    for (const id of cohort) await run.hello(id, hello(id));
    expect(run.book.round(2)).toMatchObject({ phase: 'probing', deadline });
    await run.advance(5.999);
    expect(phaseOf(run, 2)).toBe('probing');
    await run.advance(0.001);
    expect(phaseOf(run, 2)).toBe('training');
    expect(run.book.cohort(2).map((m) => m.late)).toEqual(cohort.map((id) => id === cohort[2]));
  });

  it('R2: who is slower than the goal but in time for the grace counts; who is later is told so', async () => {
    const run = await memoryRun({
      config: config({
        rounds: 2,
        strategy: { name: 'top' },
        deadlines: defaults,
        cohort: { goal: 2, minimum: 2, quorum: 1, grace },
      }),
    });
    await startCrew(run, 4);
    const [a] = run.book.cohort(1).map((m) => m.client);
    await run.leave(a!); // abandoned; the drop-out makes the next cohort larger
    await run.advance(1);
    const [quick, quick2, slow] = run.book.cohort(2).map((m) => m.client);
    const late = honestAnswer(run, slow!)!;
    await run.advance(60);
    await honestAnswer(run, quick!)?.();
    await honestAnswer(run, quick2!)?.();
    await run.advance(29);
    await late();
    expect(phaseOf(run, 2)).toBe('evaluating');
    expect(run.book.cohort(2).filter((m) => m.update)).toHaveLength(3);
    await answerAll(run, [quick!, quick2!, slow!], () => run.book.openRound?.round !== 2);

    expect(run.book.cohort(3).length).toBeGreaterThan(2);
    const [first, second, last] = run.book.cohort(3).map((m) => m.client);
    const tooLate = honestAnswer(run, last!)!;
    await run.advance(60);
    await honestAnswer(run, first!)?.();
    await honestAnswer(run, second!)?.();
    await run.advance(30);
    expect(phaseOf(run, 3)).toBe('evaluating');
    await expect(tooLate()).rejects.toMatchObject({
      code: 'wrong-phase',
      message: expect.stringContaining('came too late and does not count'),
    });
  });

  it('R3: where nobody can take its place, a silent member is waited for twice, then no longer than the grace', async () => {
    const run = await memoryRun({
      config: config({ rounds: 4, deadlines: defaults, cohort: { ...one, grace } }),
    });
    await startCrew(run, 3);
    for (let seconds = 0; run.book.run.state === 'running'; seconds++) {
      await answerAll(run, ['c1', 'c2']);
      await run.advance(1);
      expect(seconds).toBeLessThan(700);
    }
    const took = [1, 2, 3, 4].map((round) => {
      const { openedAt, closedAt } = run.book.round(round);
      return (closedAt!.getTime() - openedAt.getTime()) / 1000;
    });
    // The probe's deadline, then the probe's grace; who missed the probe is not waited for in the same round.
    expect(took).toEqual([300, 300, 5, 5]);
    expect(run.book.cohort(4).map((m) => [m.client, m.missed])).toEqual([
      ['c1', 0],
      ['c2', 0],
      ['c3', 3],
    ]);
  });

  it('R10: many that never answer do not stop those that do, and the quorum stays that of the goal', async () => {
    const run = await memoryRun({ config: config({ rounds: 3, deadlines: defaults, cohort: one }) });
    const ids = await startCrew(run, 203);
    const honest = ids.slice(0, 3);
    let largest = 0;
    for (let steps = 0; run.book.run.state === 'running'; steps++) {
      await answerAll(run, honest);
      largest = Math.max(largest, run.book.cohort(run.book.rounds.size).length);
      await run.advance(60);
      expect(steps).toBeLessThan(100);
    }
    expect(largest).toBeGreaterThan(50); // the drop-outs of the first rounds make cohorts large
    expect(run.book.run).toMatchObject({ state: 'finished' });
    const last = [...run.book.rounds.keys()].at(-1)!;
    expect(run.book.cohort(last).filter((m) => m.update)).toHaveLength(3);
    expect(last).toBeLessThan(12);
  });
});
