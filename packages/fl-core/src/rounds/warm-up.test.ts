import { describe, expect, it } from 'vitest';
import type { RunConfigInput } from '../protocol/index.ts';
import type { MemoryRun } from './memory/run.ts';
import { type SelectionPlan, selectionPlan } from './selection/plan.ts';
import { testConfig, tinyModel } from './testing/config.ts';
import { answerAll, memoryRun, startCrew } from './testing/crew.ts';
import { isHeadAlone, methodIn, trainedOf } from './warm-up.ts';

const warm = (rounds: number, more: Partial<RunConfigInput> = {}) =>
  testConfig({
    model: tinyModel,
    side: 8,
    rounds: 6,
    local: { epochs: 2, head: { warmUp: { rounds, epochs: 7 } } },
    ...more,
  });

/** Of the first `count` rounds. */
const plans = (config: ReturnType<typeof warm>, count: number): SelectionPlan[] =>
  Array.from({ length: count }, (_, committed) => selectionPlan(config, committed));

describe('the warm start of the head', () => {
  it('is the first rounds, with epochs of its own; none unless it is asked for', () => {
    const config = warm(2);
    expect([0, 1, 2, 3].map((n) => isHeadAlone(config, n))).toEqual([true, true, false, false]);
    const steps = (epochs: number) => ({ kind: 'steps', epochs });
    expect([0, 1, 2, 3].map((n) => methodIn(config, n))).toEqual([7, 7, 2, 2].map(steps));
    const usual = testConfig();
    expect([isHeadAlone(usual, 0), methodIn(usual, 0)]).toEqual([false, steps(1)]);
  });

  it.each([
    [{ rounds: 1, every: 0 }, 7, [1]],
    [{ rounds: 1, every: 3 }, 9, [1, 4, 7, 9]],
    [{ rounds: 1, every: 3 }, 8, [1, 4, 8]],
    [{ rounds: 2, every: 2 }, 9, [1, 2, 4, 6, 9]],
    [{ rounds: 1, every: 1 }, 4, [1, 2, 4]],
    [{ rounds: 1, every: 5 }, 5, [1, 5]],
    [{ rounds: 1, every: 5 }, 8, [1, 8]],
    [{ rounds: 1, every: 5 }, 9, [1, 6, 9]],
    [{ rounds: 1, every: 5 }, 3, [1, 3]],
    // Nothing would have been trained in between.
    [{ rounds: 1, every: 5 }, 2, [1]],
    [{ rounds: 1, every: 5 }, 1, [1]],
  ])(
    'a computed one comes again every so many rounds and in the last: %j, %i rounds',
    (warmUp, rounds, alone) => {
      const config = testConfig({
        model: tinyModel,
        ...{ side: 8, rounds },
        local: { head: { warmUp: { kind: 'closed-form', ...warmUp } } },
      });
      const all = Array.from({ length: rounds }, (_, committed) => committed);
      expect(all.filter((n) => isHeadAlone(config, n)).map((n) => n + 1)).toEqual(alone);
      expect(trainedOf(config, rounds)).toBe(rounds - alone.length);
    },
  );

  it.each<RunConfigInput['strategy']>([
    { name: 'strata', lambda: 1 },
    { name: 'full' },
    { name: 'round-robin' },
    { name: 'adagrad-select' },
  ])('sends no probe, and turns count from the first round after it: $name', (strategy) => {
    const [first, second, ...after] = plans(warm(2, { strategy }), 6);
    expect([first, second]).toEqual(
      Array(2).fill({ warmUp: true, due: false, turn: 1, since: 0, probe: null }),
    );
    expect(after).toEqual(plans(warm(0, { strategy }), 4));
  });

  it('comes before a schedule of its own, and does not measure times either', () => {
    const selection = { every: 3 };
    const budget = { kind: 'fixed', unit: 'milliseconds', amount: 60 } as const;
    const [first, ...after] = plans(warm(1, { selection, budget }), 6);
    expect(first?.probe).toBeNull();
    expect(after.map((p) => [p.due, p.turn, p.since])).toEqual([
      [true, 1, 0],
      [false, 1, 1],
      [false, 1, 2],
      [true, 2, 0],
      [false, 2, 1],
    ]);
    expect(after).toEqual(plans(warm(0, { selection, budget }), 5));
  });
});

describe('a run with a warm start', () => {
  /** Rounds of it: whether it was warming up, the phases after the first, and how many layers each mask has. */
  const played = async (run: MemoryRun) => {
    await answerAll(run, await startCrew(run, 3));
    return run.book.committed.map(({ round, selection }) => ({
      warmUp: selection?.warmUp ?? false,
      probed: run.moves.some((m) => m.round === round && m.phase === 'probing'),
      masks: run.book.cohort(round).map((m) => m.mask?.length),
      costs: run.book.cohort(round).map((m) => m.cost),
    }));
  };

  it('trains the head alone, then chooses as if nothing had been', async () => {
    const rounds = await played(await memoryRun({ config: warm(2, { rounds: 4 }) }));
    const warmed = { warmUp: true, probed: false, masks: [0, 0, 0], costs: [null, null, null] };
    const usual = { warmUp: false, probed: true, masks: [2, 2, 2], costs: [2, 2, 2] };
    expect(rounds).toEqual([warmed, warmed, usual, usual]);
  });

  it('moves the head and nothing else', async () => {
    const run = await memoryRun({ config: warm(1, { rounds: 1 }) });
    await played(run);
    const [before, after] = [run.book.checkpoint(0).layers, run.book.checkpoint(1).layers];
    const moved = Object.keys(after).filter((l) => before[l]?.sha256 !== after[l]?.sha256);
    expect(moved).toEqual(['head']);
  });

  it('keeps masks of the last choice, never those of the warm start', async () => {
    const config = warm(1, { rounds: 5, selection: { every: 2 }, strategy: { name: 'round-robin' } });
    const rounds = await played(await memoryRun({ config }));
    expect(rounds.map((r) => r.masks[0])).toEqual([0, 2, 2, 2, 2]);
  });

  it('masks stay, and turns and memories go on, over rounds that compute the head anew', async () => {
    const computed = { kind: 'closed-form', rounds: 1, every: 2 } as const;
    const masksOf = async (
      warmUp: typeof computed | undefined,
      rounds: number,
      name: 'round-robin' | 'adagrad-select',
    ) => {
      const run = await memoryRun({
        config: testConfig({
          model: tinyModel,
          ...{ side: 8, rounds, strategy: { name }, selection: { every: 2 } },
          ...(warmUp ? { local: { head: { warmUp } } } : {}),
        }),
      });
      await answerAll(run, await startCrew(run, 3));
      return run.book.committed
        .filter((r) => r.selection?.warmUp !== true)
        .map((r) => [r.history !== null, run.book.cohort(r.round).map((m) => m.mask)]);
    };
    const [usual, between] = [
      await masksOf(undefined, 4, 'round-robin'),
      await masksOf(computed, 9, 'round-robin'),
    ];
    expect(between).toEqual(usual);
    const remembered = await masksOf(computed, 9, 'adagrad-select');
    expect(remembered.map(([history]) => history)).toEqual([true, true, true, true]);
  });

  it('does what strategies with a history remember, from nothing on', async () => {
    const strategy = { name: 'adagrad-select' } as const;
    const masksOf = async (rounds: number) => {
      const run = await memoryRun({ config: warm(rounds, { rounds: rounds + 2, strategy }) });
      await answerAll(run, await startCrew(run, 3));
      return run.book.committed.map((r) => [r.history !== null, run.book.cohort(r.round).map((m) => m.mask)]);
    };
    const [first, ...after] = await masksOf(1);
    expect(first).toEqual([false, [[], [], []]]);
    expect(after.map(([history]) => history)).toEqual([true, true]);
  });
});
