import { describe, expect, it } from 'vitest';
import type { RunConfigInput } from '../protocol/index.ts';
import type { MemoryRun } from './memory/run.ts';
import { type SelectionPlan, selectionPlan } from './selection/plan.ts';
import { testConfig, tinyModel } from './testing/config.ts';
import { answerAll, memoryRun, startCrew } from './testing/crew.ts';
import { isWarmUp, methodIn } from './warm-up.ts';

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
    expect([0, 1, 2, 3].map((n) => isWarmUp(config, n))).toEqual([true, true, false, false]);
    const steps = (epochs: number) => ({ kind: 'steps', epochs });
    expect([0, 1, 2, 3].map((n) => methodIn(config, n))).toEqual([7, 7, 2, 2].map(steps));
    const usual = testConfig();
    expect([isWarmUp(usual, 0), methodIn(usual, 0)]).toEqual([false, steps(1)]);
  });

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
