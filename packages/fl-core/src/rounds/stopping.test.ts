import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stoppingReason } from './stopping.ts';
import { answerAll, memoryRun, startCrew, testConfig, tinyModel } from './testing/index.ts';

const of = (losses: readonly number[], accuracy = 0.5) => losses.map((loss) => ({ loss, accuracy }));
const stopping = (patience: number | null, target: number | null = null) => ({
  stopping: { patience, target },
});

describe('a run ends early', () => {
  it.each([
    ['goes on while the loss falls', [3, 2, 1, 0.9, 0.8], 2, false],
    ['goes on as long as the patience lasts', [3, 2, 2.5], 2, false],
    ['ends when as many rounds brought nothing', [3, 2, 2.5, 2], 2, true],
    ['goes on after a late success', [3, 2, 2.5, 1.9], 2, false],
    ['takes an equal loss for no lower one', [2, 2], 1, true],
    ['has no patience with one round', [2], 1, false],
    ['never ends without patience', [1, 2, 3, 4, 5, 6], null, false],
  ])('%s', (_, losses, patience, ends) => {
    expect(stoppingReason(stopping(patience), of(losses)) !== null).toBe(ends);
  });

  it('at the round that a person with a pencil finds: the newest best is as far back as the patience', () => {
    const losses = fc.array(fc.double({ min: 0.01, max: 10, noNaN: true }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(losses, fc.integer({ min: 1, max: 10 }), (all, patience) => {
        const first = all.indexOf(Math.min(...all));
        const since = all.length - 1 - first;
        expect(stoppingReason(stopping(patience), of(all)) !== null).toBe(since >= patience);
      }),
    );
  });

  it('by its target, and says by how much', () => {
    expect(stoppingReason(stopping(null, 0.9), of([1], 0.899))).toBeNull();
    expect(stoppingReason(stopping(null, 0.9), of([1], 0.9))).toMatch(/90\.0 % is reached/);
  });

  it('never where nobody evaluated anything', () => {
    expect(stoppingReason(stopping(1, 0), [])).toBeNull();
  });
});

describe('in a whole run', () => {
  const config = (more: object) => testConfig({ model: tinyModel, side: 8, rounds: 9, ...more });

  it('R8: the commit that ends it is the same change as its end, with the reason', async () => {
    const run = await memoryRun({ config: config({ stopping: { target: 0.1 } }) });
    await answerAll(run, await startCrew(run, 3));
    const { state, reason, committedRound } = run.book.run;
    expect([state, committedRound, reason]).toEqual(['finished', 1, expect.stringContaining('is reached')]);
    expect(run.book.round(1).heldOut?.accuracy).toBeGreaterThanOrEqual(0.1);
  });

  it('patience counts committed rounds', async () => {
    const run = await memoryRun({ config: config({ stopping: { patience: 2 } }) });
    const ids = await startCrew(run, 3);
    await answerAll(run, ids);
    const losses = run.book.committed.map((r) => r.heldOut?.loss ?? Number.NaN);
    const best = losses.indexOf(Math.min(...losses));
    const { state, committedRound } = run.book.run;
    expect([state, committedRound]).toEqual(['finished', Math.min(9, best + 1 + 2)]);
  });

  it('without a wish it plays all its rounds', async () => {
    const run = await memoryRun({ config: config({ rounds: 3 }) });
    await answerAll(run, await startCrew(run, 3));
    expect(run.book.run).toMatchObject({ state: 'finished', committedRound: 3, reason: '' });
  });
});
