// @module-tag long
import { describe, expect, it } from 'vitest';
import { skellamEpsilon } from '../../privacy/index.ts';
import { type DistributedPrivacy, decodeSafetensors, type RunConfigInput } from '../../protocol/index.ts';
import { distributedEpsilon, distributedGrid, distributedNoise } from '../privacy/distributed.ts';
import { privacyPlan } from '../privacy/plan.ts';
import { testConfig, tinyModel } from '../testing/config.ts';
import { memoryRun, startCrew } from '../testing/crew.ts';
import { allDo, SealedClient, sealedAggregation } from '../testing/sealed-crew.ts';
import type { MemoryRun, MemoryRunOptions } from './run.ts';

const promise: DistributedPrivacy = {
  kind: 'distributed',
  epsilon: 8,
  delta: 1e-2,
  clip: 1,
  noise: null,
  colluding: 0,
};

const configOf = (privacy: Partial<DistributedPrivacy>, more: Partial<RunConfigInput> = {}) =>
  testConfig({
    model: tinyModel,
    side: 8,
    strategy: { name: 'round-robin' },
    budget: { kind: 'fixed', unit: 'layers', amount: 1 },
    cohort: { goal: 8, minimum: 5, quorum: 0.5, grace: { share: 0, seconds: 1 } },
    aggregation: sealedAggregation,
    privacy: { ...promise, ...privacy },
    ...more,
  } as Partial<RunConfigInput>);

interface Crew {
  readonly run: MemoryRun;
  readonly clients: readonly SealedClient[];
}

async function crewOf(
  privacy: Partial<DistributedPrivacy>,
  more: Partial<RunConfigInput> = {},
  manners: Partial<MemoryRunOptions> = {},
): Promise<Crew> {
  const run = await memoryRun({ config: configOf(privacy, more), ...manners });
  const ids = await startCrew(run, 8);
  return { run, clients: await Promise.all(ids.map((id) => SealedClient.of(run, id))) };
}

async function playRound({ run, clients }: Crew, lost: readonly string[] = []): Promise<void> {
  const left = clients.filter((c) => !lost.includes(c.id));
  await allDo(clients, 'prepare');
  await allDo(clients, 'share');
  for (const id of lost) await run.leave(id);
  await allDo(left, 'mask');
  await allDo(left, 'release');
}

/** How far a round moved each layer. */
function changes(run: MemoryRun, round: number): Map<string, number[]> {
  const valuesOf = (at: number, layer: string) =>
    decodeSafetensors(run.book.read(run.book.checkpoint(at).layers[layer]!.sha256)).tensors.flatMap((t) => [
      ...t.data,
    ]);
  const { baseRound } = run.book.round(round);
  return new Map(
    Object.keys(run.book.checkpoint(round).layers).map((layer) => {
      const before = valuesOf(baseRound, layer);
      return [layer, valuesOf(round, layer).map((v, k) => v - before[k]!)];
    }),
  );
}

describe('a sealed run whose participants add the noise', () => {
  it('noises what was trained and nothing else, records what it spends, and ends within its epsilon', async () => {
    for (const everyStepTwice of [false, true]) {
      const crew = await crewOf({}, { rounds: 3 }, { everyStepTwice });
      const { run } = crew;
      const { config } = run.book.run;
      for (let round = 1; round <= 3; round++) await playRound(crew, round === 2 ? ['c3', 'c8'] : []);
      expect(run.book.run.state).toBe('finished');
      const noise = distributedNoise(config, promise);
      const grid = distributedGrid(config, promise);
      const seen = { squares: 0, values: 0 };
      for (const [i, { round }] of run.book.committed.entries()) {
        const { privacy, sealed } = run.book.round(round);
        const { epsilon } = skellamEpsilon(grid, i + 1, 1e-2);
        expect(privacy).toEqual({ clip: 1, choice: null, model: { noise, share: null }, epsilon });
        expect(sealed).toMatchObject({ figures: null, scores: null });
        const members = round === 1 ? 8 : 6;
        expect(sealed?.layers.head).toEqual({ members, weight: members, clamped: 0 });
        for (const [layer, change] of changes(run, round)) {
          const squares = change.reduce((sum, x) => sum + x * x, 0);
          const of = sealed?.layers[layer];
          if (of === undefined) expect(squares).toBe(0);
          else {
            // short updates: what is seen is noise, of each value z S sqrt(k / t) / k
            const expected = (noise ** 2 * of.members) / 5 / of.members ** 2;
            expect(squares).toBeGreaterThan(0);
            seen.squares += squares / expected;
            seen.values += change.length;
          }
        }
      }
      // Noise has no seed: all values of the run together, within five deviations of a sum of so many squares.
      expect(Math.abs(seen.squares / seen.values - 1)).toBeLessThan(5 * Math.sqrt(2 / seen.values));
      const spent = run.book.released().at(-1)!.epsilon;
      expect(spent).toBeLessThanOrEqual(8);
      expect(spent).toBeGreaterThan(7.99);
      // nobody's figures are anywhere
      for (const { round } of run.book.committed)
        for (const m of run.book.cohort(round))
          expect([m.scores, m.trainLoss, m.evaluation, m.claimed]).toEqual([null, null, null, null]);
    }
  });

  it('stops before the round that would pass its epsilon, and says so to everybody', async () => {
    const crew = await crewOf({ noise: 2, epsilon: 4 }, { rounds: 10 });
    const { run } = crew;
    const { config } = run.book.run;
    for (let round = 1; round <= 10 && run.book.run.state === 'running'; round++) await playRound(crew);
    const { committed, released } = { committed: run.book.committed.length, released: run.book.released() };
    const of = { ...promise, noise: 2, epsilon: 4 };
    expect(committed).toBeGreaterThan(1);
    expect(committed).toBe(privacyPlan(config, of).rounds);
    expect(released.at(-1)!.epsilon).toBeLessThanOrEqual(4);
    expect(distributedEpsilon(config, of, committed + 1)).toBeGreaterThan(4);
    expect(run.book.run).toMatchObject({ state: 'stopped' });
    expect(run.book.run.reason).toMatch(/^The privacy budget is spent: an epsilon of/);
    expect(run.work('c1')).toMatchObject({ kind: 'over', state: 'stopped', message: run.book.run.reason });
  });

  it('counts a round from when the shares are asked for, whatever becomes of it, and none before', async () => {
    const crew = await crewOf({ noise: 2 }, { rounds: 5 });
    const { run, clients } = crew;
    await allDo(clients, 'prepare');
    await allDo(clients, 'share');
    expect(run.book.round(1).privacy).toEqual({ clip: 1, choice: null, model: null, epsilon: 0 });
    await allDo(clients, 'mask');
    const spent = run.book.round(1).privacy;
    expect(spent?.model).toEqual({ noise: 2, share: null });
    expect(spent?.epsilon).toBeGreaterThan(0);
    // too few give shares back: abandoned, and counted
    for (const id of ['c1', 'c2', 'c3']) await run.leave(id);
    expect(run.book.round(1).phase).toBe('abandoned');
    expect(run.book.released().at(-1)).toEqual(spent);
    expect(run.book.run.committedRound).toBe(0);
  });

  it('has spent nothing by a round that is abandoned before', async () => {
    const crew = await crewOf({ noise: 2 }, { rounds: 5 });
    const { run, clients } = crew;
    await allDo(clients, 'prepare');
    await allDo(clients, 'share');
    for (const id of ['c1', 'c2', 'c3']) await run.leave(id);
    expect(run.book.round(1).phase).toBe('abandoned');
    expect(run.book.released().map((r) => r.epsilon)).toEqual([0]);
  });
});
