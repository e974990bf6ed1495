import { describe, expect, it } from 'vitest';
import { decodeSafetensors, encodeSafetensors } from '../../protocol/index.ts';
import { layoutFor } from '../layout.ts';
import {
  answerAll,
  hello,
  honestAnswer,
  memoryRun,
  startCrew,
  syntheticDelta,
  testConfig,
  tinyModel,
  updateBytes,
} from '../testing/index.ts';
import type { MemoryRun } from './run.ts';

/** R1 to R12 of docs/design.md, on whole rounds in memory; the server's tests see the same over the wire. */

const config = (more: Parameters<typeof testConfig>[0] = {}) =>
  testConfig({ model: tinyModel, side: 8, ...more });
const one = { goal: 3, minimum: 3, quorum: 0.5 };
const phaseOf = (run: MemoryRun, round: number) => run.book.round(round).phase;
const phases = (run: MemoryRun, round: number) =>
  run.moves.filter((m) => m.round === round).map((m) => m.phase);
const inPhase = (run: MemoryRun, phase: string) => () => run.book.openRound?.phase === phase;
const hashes = (run: MemoryRun, round: number) =>
  Object.fromEntries(Object.entries(run.book.checkpoint(round).layers).map(([l, { sha256 }]) => [l, sha256]));

describe('a run', () => {
  it('goes through all phases and is finished after its rounds', async () => {
    const run = await memoryRun({ config: config() });
    const ids = await startCrew(run, 3);
    await answerAll(run, ids);
    const all = ['probing', 'selecting', 'training', 'aggregating', 'evaluating', 'committed'];
    expect(phases(run, 1)).toEqual(all);
    expect(phases(run, 2)).toEqual(all);
    expect(run.book.run).toMatchObject({ state: 'finished', committedRound: 2 });
    expect(run.work('c1')).toMatchObject({ kind: 'over', state: 'finished' });
  });

  it('skips the probe when the strategy asks nothing', async () => {
    const run = await memoryRun({ config: config({ strategy: { name: 'top' }, rounds: 1 }) });
    await answerAll(run, await startCrew(run, 3));
    expect(phases(run, 1)).toEqual(['selecting', 'training', 'aggregating', 'evaluating', 'committed']);
  });
});

describe('the rules', () => {
  it('R1: the cohort is fixed when the round opens; who comes later waits, with an estimate', async () => {
    const run = await memoryRun({ config: config() });
    await startCrew(run, 3);
    expect(await run.hello('c4', hello('c4'))).toMatchObject({
      kind: 'wait',
      reason: 'next-round',
      round: 1,
      estimateSeconds: 60,
    });
    expect(run.book.cohort(1).map((m) => m.client)).toEqual(['c1', 'c2', 'c3']);
  });

  it('R2: at its deadline a phase closes with the quorum, not a millisecond before', async () => {
    const run = await memoryRun({ config: config() });
    await startCrew(run, 3);
    await answerAll(run, ['c1', 'c2'], inPhase(run, 'training'));
    await run.advance(19.999);
    expect(phaseOf(run, 1)).toBe('probing');
    await run.advance(0.001);
    expect(phaseOf(run, 1)).toBe('training');
    expect(run.book.round(1).deadline?.getTime()).toBe(run.clock.now + 20_000);
  });

  it('R2: without the quorum the round is abandoned, the model stays, the reason is recorded', async () => {
    const run = await memoryRun({ config: config() });
    await startCrew(run, 3);
    await answerAll(run, ['c1']);
    await run.advance(20);
    expect(run.book.round(1)).toMatchObject({
      phase: 'abandoned',
      reason: '1 of 3 participants answered in probing; 2 were needed.',
    });
    expect(run.book.run.committedRound).toBe(0);
  });

  it('R2: abandoned rounds in a row are spaced by 1, 2, 4 ... seconds', async () => {
    const run = await memoryRun({ config: config({ cohort: { goal: 3, minimum: 3, quorum: 1 } }) });
    await startCrew(run, 3);
    await run.advance(20 + 1 + 20 + 2 + 20 + 4 + 20);
    const opened = [...run.book.rounds.values()].map((r) => r.openedAt.getTime() / 1000);
    expect(opened.slice(1).map((at, i) => at - opened[i]!)).toEqual([21, 22, 24]);
  });

  it('R3: a phase whose remaining members have answered or left closes at once', async () => {
    const run = await memoryRun({ config: config() });
    await startCrew(run, 3);
    const begin = run.clock.now;
    await answerAll(run, ['c1', 'c2'], () => run.book.cohort(1).filter((m) => m.scores).length === 2);
    expect(phaseOf(run, 1)).toBe('probing');
    await run.leave('c3');
    expect(phaseOf(run, 1)).toBe('training');
    expect(run.clock.now).toBe(begin);
  });

  it('R3: it fails at once when the quorum is out of reach', async () => {
    const run = await memoryRun({ config: config() });
    await startCrew(run, 3);
    await run.leave('c1');
    expect(phaseOf(run, 1)).toBe('probing');
    await run.leave('c2');
    expect(phaseOf(run, 1)).toBe('abandoned');
  });

  it('R3: a lost connection counts as leaving after the grace period, not before', async () => {
    const run = await memoryRun({ config: config({ deadlines: { probing: 60 } }), graceMs: 5000 });
    await startCrew(run, 3);
    run.drop('c1');
    run.drop('c2');
    await run.advance(4.999);
    expect(phaseOf(run, 1)).toBe('probing');
    await run.hello('c2', hello('c2'));
    await run.advance(1);
    expect(run.book.cohort(1).map((m) => m.left)).toEqual([true, false, false]);
    await answerAll(run, ['c2', 'c3']);
    expect(run.book.run.committedRound).toBe(1);
  });

  it('R3: an answer counts although its sender has left since', async () => {
    const run = await memoryRun({ config: config({ cohort: { ...one, quorum: 1 }, rounds: 1 }) });
    const ids = await startCrew(run, 3);
    await answerAll(run, ids, inPhase(run, 'training'));
    await honestAnswer(run, 'c1')?.();
    await run.leave('c1');
    await answerAll(run, ['c2', 'c3']);
    expect(phaseOf(run, 1)).toBe('committed');
    expect(run.book.cohort(1).filter((m) => m.update)).toHaveLength(3);
  });

  it('R4: an update counts once; a repetition is acknowledged with the same receipt', async () => {
    const run = await memoryRun({ config: config({ rounds: 1 }) });
    const ids = await startCrew(run, 3);
    await answerAll(run, ids, inPhase(run, 'training'));
    const answer = honestAnswer(run, 'c1')!;
    const [first, second] = [await answer(), await answer()];
    expect(first).toMatchObject({ duplicate: false });
    expect(second).toEqual({ ...(first as object), duplicate: true });
    await answerAll(run, ids, inPhase(run, 'evaluating'));
    expect(await answer()).toMatchObject({ duplicate: true }); // the phase is over
  });

  it('R5: what does not fit is refused with a code; the sender may correct it; nobody else notices', async () => {
    const run = await memoryRun({ config: config({ rounds: 1 }) });
    const ids = await startCrew(run, 3);
    await answerAll(run, ids, inPhase(run, 'training'));
    const work = run.work('c1');
    if (work.kind !== 'train') throw new Error(work.kind);
    const good = updateBytes(run, 'c1', work);
    const tensors = syntheticDelta(run.book.run.config, work.train, work.seed);
    const meta = { samples: '10', loss: '1' };
    const [first, ...rest] = tensors;
    const nan = { ...first!, data: first!.data.map(() => Number.NaN) };
    const flat = { ...first!, shape: [1, ...first!.shape] };
    const refused: [number, Uint8Array, string][] = [
      [2, good, 'wrong-round'],
      [1, encodeSafetensors(rest, meta), 'wrong-layers'],
      [1, encodeSafetensors([...tensors, { ...first!, name: 'x' }], meta), 'wrong-layers'],
      [1, encodeSafetensors([flat, ...rest], meta), 'wrong-tensor'],
      [1, encodeSafetensors([nan, ...rest], meta), 'non-finite'],
      [1, encodeSafetensors(tensors, {}), 'bad-message'],
      [1, good.slice(0, -1), 'bad-safetensors'],
    ];
    const before = run.book.cohort(1);
    for (const [round, bytes, code] of refused) {
      await expect(run.update('c1', round, bytes)).rejects.toMatchObject({ code });
    }
    const evaluated = { round: 1, loss: 1, accuracy: 1, samples: 1 };
    await expect(run.evaluated('c1', evaluated)).rejects.toMatchObject({ code: 'wrong-phase' });
    await run.hello('c9', hello('c9'));
    await expect(run.update('c9', 1, good)).rejects.toMatchObject({ code: 'not-in-cohort' });
    expect(run.book.cohort(1)).toEqual(before);
    await answerAll(run, ids);
    expect(run.book.cohort(1).filter((m) => m.update)).toHaveLength(3);
  });

  it('R6: theta plus the weighted mean of those who trained a layer; the others keep their hash', async () => {
    const run = await memoryRun({
      config: config({ rounds: 1, budget: { kind: 'fixed', unit: 'layers', amount: 1 } }),
    });
    const ids = await startCrew(run, 3);
    await answerAll(run, ids);
    const { run: row, checkpoints } = run.book;
    const flat = (round: number, layer: string) =>
      decodeSafetensors(run.book.read(checkpoints.get(round)!.layers[layer]!.sha256)).tensors;
    for (const layer of layoutFor(row.config).layers) {
      const trainers = run.book
        .cohort(1)
        .filter((m) => layer.role === 'head' || m.mask?.includes(layer.name));
      if (trainers.length === 0) {
        expect(hashes(run, 1)[layer.name]).toBe(hashes(run, 0)[layer.name]);
        continue;
      }
      const total = trainers.reduce((n, m) => n + m.samples, 0);
      const [before, after] = [flat(0, layer.name), flat(1, layer.name)];
      before.forEach((tensor, t) => {
        tensor.data.forEach((theta, k) => {
          const change = trainers.reduce((sum, { samples, update }) => {
            const deltas = decodeSafetensors(run.book.read(update!)).tensors;
            return sum + (samples / total) * deltas.find((d) => d.name === tensor.name)!.data[k]!;
          }, 0);
          expect(Math.abs(after[t]!.data[k]! - (theta + change))).toBeLessThanOrEqual(2 ** -22);
        });
      });
    }
  });

  it('R7, R11: the same seed and clients give the same cohorts, masks and bytes, in whatever order they answer', async () => {
    const played = async (order: readonly number[], everyStepTwice = false) => {
      const run = await memoryRun({ config: config(), everyStepTwice });
      const ids = await startCrew(run, 3);
      await answerAll(
        run,
        order.map((i) => ids[i]!),
      );
      return { masks: run.book.cohort(2).map((m) => m.mask), hashes: hashes(run, 2) };
    };
    const first = await played([0, 1, 2]);
    expect(await played([2, 0, 1])).toEqual(first);
    expect(await played([1, 2, 0], true)).toEqual(first);
  });

  it('R8: wherever the player crashes, all of a round exists or none of it, and the bytes are the same', async () => {
    const whole = await memoryRun({ config: config({ rounds: 1 }) });
    await answerAll(whole, await startCrew(whole, 3));
    for (let point = 0, crashes = 1; crashes > 0; point++) {
      crashes = 0;
      const run = await memoryRun({ config: config({ rounds: 1 }) });
      run.crashAfter(point);
      const ids = await startCrew(run, 3);
      while (run.book.run.state === 'running') {
        if (run.crashed) {
          crashes++;
          expect(run.book.checkpoints.has(1), `point ${point}`).toBe(run.book.run.committedRound === 1);
          await run.restart();
          for (const id of ids) await run.hello(id, hello(id));
        }
        await answerAll(run, ids, () => run.crashed);
      }
      expect(hashes(run, 1), `point ${point}`).toEqual(hashes(whole, 1));
      expect(run.moves, `point ${point}`).toEqual(whole.moves);
    }
  });

  it('R9: a client that was away through a restart asks for its work, and the answer is complete', async () => {
    const run = await memoryRun({ config: config({ rounds: 1 }) });
    const ids = await startCrew(run, 3);
    await answerAll(run, ids, inPhase(run, 'training'));
    const before = run.work('c2');
    await run.restart();
    expect(await run.hello('c2', hello('c2'))).toEqual(before);
  });

  it('R10: the cohort is over-sampled for the drop-outs seen so far', async () => {
    const run = await memoryRun({
      config: config({ cohort: { goal: 4, minimum: 4, quorum: 0.5 }, rounds: 3 }),
    });
    const ids = await startCrew(run, 12);
    expect(run.book.cohort(1)).toHaveLength(4);
    const lazy = run.book.cohort(1)[0]?.client;
    const others = ids.filter((id) => id !== lazy);
    for (let n = 0; n < 2; n++) {
      await answerAll(run, others, () => run.book.openRound?.round === 2);
      await run.advance(20); // the deadline of probing, then of evaluating
    }
    expect(run.book.cohort(1).filter((m) => m.update)).toHaveLength(3);
    expect(run.book.cohort(2).length).toBeGreaterThan(4);
  });

  it('R12: everybody leaves: the run waits for days, and goes on from its last checkpoint', async () => {
    const run = await memoryRun({ config: config() });
    const ids = await startCrew(run, 3);
    await answerAll(run, ids, () => run.book.openRound?.round === 2);
    for (const id of ids) await run.leave(id);
    await run.advance(3 * 24 * 3600);
    expect(run.book.run).toMatchObject({ state: 'running', committedRound: 1 });
    expect([...run.book.rounds.keys()]).toEqual([1, 2]);
    for (const id of ids) await run.hello(id, hello(id));
    expect(run.book.round(3)).toMatchObject({ baseRound: 1 });
    await answerAll(run, ids);
    expect(run.book.run).toMatchObject({ state: 'finished', committedRound: 3 });
  });
});

describe('a study', () => {
  const study = (cohort: Parameters<typeof testConfig>[0] = {}) =>
    config({ purpose: { kind: 'study' }, rounds: 1, ...cohort });

  it('takes no round of fewer than three updates', async () => {
    const run = await memoryRun({ config: study({ cohort: { goal: 3, minimum: 3, quorum: 0 } }) });
    const ids = await startCrew(run, 3);
    await answerAll(run, ids, inPhase(run, 'training'));
    await honestAnswer(run, 'c1')?.();
    await honestAnswer(run, 'c2')?.();
    await run.leave('c3');
    expect(run.book.round(1)).toMatchObject({
      phase: 'abandoned',
      reason: '2 of 3 participants answered in training; 3 were needed.',
    });
  });

  it('cannot be configured for fewer than three; a test can', () => {
    const two = { cohort: { goal: 3, minimum: 2, quorum: 0.5 } };
    expect(() => study(two)).toThrow(/mark the run as a test/);
    expect(config({ ...two, purpose: { kind: 'test' } }).cohort.minimum).toBe(2);
    const { purpose: _, ...unmarked } = config(two);
    expect(() => testConfig({ ...unmarked, purpose: undefined })).toThrow(/mark the run as a test/);
  });
});

describe('a clock that is set back', () => {
  it('R2: does not lengthen the pause after an abandoned round', async () => {
    const run = await memoryRun({ config: config({ cohort: { ...one, quorum: 1 } }) });
    const ids = await startCrew(run, 3);
    await run.advance(20);
    expect(phaseOf(run, 1)).toBe('abandoned');
    await run.restart(3600);
    for (const id of ids) await run.hello(id, hello(id));
    await run.advance(1);
    expect(run.book.openRound?.round).toBe(2);
  });

  it('R2: does not lengthen a phase; what is shown and measured is never negative', async () => {
    const run = await memoryRun({ config: config({ rounds: 1 }), graceMs: 60_000 });
    const ids = await startCrew(run, 3);
    await answerAll(run, ids, inPhase(run, 'training'));
    await run.restart(3600);
    for (const id of ids) await run.hello(id, hello(id));
    expect(run.work('c1')).toMatchObject({ kind: 'train', remainingMs: 20_000 });
    await run.hello('c9', hello('c9'));
    expect(run.work('c9')).toMatchObject({ reason: 'next-round', estimateSeconds: 40 });
    await answerAll(run, ['c1', 'c2']);
    await run.advance(20);
    expect(phaseOf(run, 1)).toBe('evaluating');
    for (const m of run.book.cohort(1)) expect(m.seconds).toBeGreaterThanOrEqual(0);
  });
});

describe('an operator', () => {
  it('pauses: the open round goes on, no new one opens until the run resumes', async () => {
    const run = await memoryRun({ config: config({ cohort: one }) });
    const ids = await startCrew(run, 3);
    await run.command('pause');
    await answerAll(run, ids);
    expect(run.book.run.committedRound).toBe(1);
    expect(run.book.openRound).toBeNull();
    await run.command('resume');
    expect(run.book.openRound?.round).toBe(2);
  });

  it('stops: the open round is abandoned, and no command leads back', async () => {
    const run = await memoryRun({ config: config() });
    await startCrew(run, 3);
    await run.command('stop');
    expect(run.book.round(1)).toMatchObject({ phase: 'abandoned', reason: 'stopped by the operator.' });
    expect(run.work('c1')).toMatchObject({ kind: 'over', state: 'stopped' });
    await expect(run.command('resume')).rejects.toMatchObject({ code: 'wrong-state' });
  });
});
