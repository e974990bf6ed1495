// @module-tag long
import { diagnostics } from '@strata/fl-core/diagnostics';
import { computeCosts, layerBytes, selectableLayers } from '@strata/fl-core/models/layouts';
import type { Work } from '@strata/fl-core/protocol';
import { layoutFor } from '@strata/fl-core/rounds';
import { createStrategy, maskCost, StrategyConfig, scoreShares, strategies } from '@strata/fl-core/selection';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { WorkOf } from '../../testing/client.ts';
import { committed, startCrew } from '../../testing/crew.ts';
import { TestServer, testConfig } from '../../testing/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterEach(() => server.dropClients());
afterAll(() => server.close(), 60_000);

const three = [{}, {}, {}];
const probes = (history: readonly Work[]): WorkOf<'probe'>[] => history.filter((w) => w.kind === 'probe');
const probedRounds = (history: readonly Work[]): number[] => [
  ...new Set(probes(history).map((w) => w.round)),
];

/** Explores in the first turn for sure, in the second with probability exp(-100). */
const certain: Record<string, object> = { 'adagrad-select': { decay: 100 } };
const listed = strategies.map((s) => StrategyConfig.parse({ ...s.startConfig(), ...certain[s.name] }));

/** The rounds of two in which a strategy asks clients for scores. */
function askedIn(config: StrategyConfig): readonly number[] {
  const { needs } = createStrategy(config);
  return { nothing: [], history: [1], scores: [1, 2] }[needs];
}

describe('every strategy runs in a real run: three clients, two rounds', () => {
  it.each(listed)('$name', async (strategy) => {
    const { id, config, clients } = await startCrew(server, three, {
      strategy,
      budget: { kind: 'drawn', distribution: 'uniform', min: 1, max: 3 },
    });
    const initial = (await server.view(id)).checkpoint;
    await server.until(id, (v) => v.state === 'finished', 'the end');
    const rounds = [await server.round(id, 1), await server.round(id, 2)];
    expect(clients.flatMap((c) => c.errors)).toEqual([]);

    const layers = selectableLayers(layoutFor(config));
    expect(rounds[1]?.members.map((m) => m.budget)).toEqual(rounds[0]?.members.map((m) => m.budget));
    let before = initial;
    const trained = new Set<string>();
    for (const round of rounds) {
      expect([round.phase, round.updates]).toEqual(['committed', 3]);
      for (const { mask, budget } of round.members) {
        expect(layers).toEqual(expect.arrayContaining(mask ?? ['no mask']));
        expect([1, 2, 3]).toContain(budget);
        if (strategy.name === 'full') expect(mask).toEqual(layers);
        else if (strategy.name === 'head-only') expect(mask).toEqual([]);
        else expect(mask?.length).toBe(budget); // all have as many layers as they can afford
      }
      // R6: exactly the layers that somebody trained have moved; recycled are only those that somebody ever trained.
      const moved = Object.entries(round.checkpoint?.layers ?? {}).filter(
        ([name, { sha256 }]) => sha256 !== before.layers[name]?.sha256,
      );
      for (const [name, n] of Object.entries(round.trainedBy)) if (n > 0) trained.add(name);
      expect(moved.map(([name]) => name).sort()).toEqual([...trained].sort());
      if (strategy.name !== 'fedluar') trained.clear();
      before = round.checkpoint ?? before;

      const scored = askedIn(strategy).includes(round.round);
      const squared = strategy.name !== 'rgn' && strategy.name !== 'snr';
      expect(round.members.every((m) => (m.scores !== null) === scored)).toBe(true);
      expect([round.e1 !== null, round.e2 !== null]).toEqual([scored && squared, scored && squared]);
      const raw = round.members.map(({ scores }) => scores && layers.map((l) => scores[l] ?? Number.NaN));
      const by = (scores: typeof raw) =>
        diagnostics({
          layers,
          clients: round.members.map(({ client, samples, mask }, i) => ({
            id: client,
            samples,
            scores: scores[i] ?? null,
            mask: mask ?? [],
          })),
        });
      const { agreement, effectiveClients, e1, e2 } = by(raw);
      const { covered } = by(scoreShares(raw)); // no client's numbers outweigh the others'
      expect(round).toMatchObject({ agreement, covered, effectiveClients });
      if (scored && squared) expect(round).toMatchObject({ e1, e2 });
      const solves = strategy.name === 'strata' || strategy.name === 'diversity';
      expect(round.solved !== null).toBe(solves);
      if (round.solved) expect(round.solved.bound).toBeGreaterThanOrEqual(round.solved.objective - 1e-9);
    }
    const kind = strategy.name === 'rgn' || strategy.name === 'snr' ? strategy.name : 'squared-norm';
    for (const { history } of clients) {
      expect(probedRounds(history)).toEqual(askedIn(strategy));
      expect(probes(history).every((w) => w.score === kind && !w.times)).toBe(true);
      const spans = history.flatMap((w) => (w.kind === 'train' ? [`${w.round}: ${w.span}`] : []));
      expect(new Set(spans)).toEqual(new Set(['1: 0,0.5', '2: 0.5,1']));
    }
  });
});

describe('budgets', () => {
  it('0: an empty mask costs nothing and breaks nothing; the head alone moves', async () => {
    const { id, clients } = await startCrew(server, three, { budget: { kind: 'fixed', amount: 0 } });
    const before = (await server.view(id)).checkpoint;
    const round = await committed(server, id, 2);
    expect(clients.flatMap((c) => c.errors)).toEqual([]);
    expect(round.members.map((m) => m.mask)).toEqual([[], [], []]);
    const moved = Object.keys(before.layers).filter(
      (l) => round.checkpoint?.layers[l]?.sha256 !== before.layers[l]?.sha256,
    );
    expect(moved).toEqual(['head']);
    expect([round.agreement, round.e2]).toEqual([1, 0]);
  });

  it('of participants: who wants none trains the head, who says nothing gets the fallback', async () => {
    const { id, clients } = await startCrew(
      server,
      three,
      { rounds: 1, strategy: { name: 'top' }, budget: { kind: 'participant', fallback: 1 } },
      [{ budget: 0 }, { budget: 2 }, {}],
    );
    const round = await committed(server, id, 1);
    expect(clients.flatMap((c) => c.errors)).toEqual([]);
    expect(round.updates).toBe(3);
    expect(round.members.map((m) => [m.budget, m.mask?.length])).toEqual([
      [0, 0],
      [2, 2],
      [1, 1],
    ]);
  });

  it('in bytes: layers count by their size', async () => {
    const layout = layoutFor(testConfig());
    const sizes = new Map(layout.layers.map((l) => [l.name, layerBytes(l)]));
    const [first = ''] = selectableLayers(layout);
    const amount = 2.5 * (sizes.get(first) ?? 0);
    const { id } = await startCrew(server, three, {
      rounds: 1,
      budget: { kind: 'fixed', unit: 'bytes', amount },
    });
    const round = await committed(server, id, 1);
    for (const { mask } of round.members) {
      expect(mask?.reduce((n, layer) => n + (sizes.get(layer) ?? 0), 0)).toBeLessThanOrEqual(amount);
      expect(mask).toHaveLength(2);
    }
  });

  it('of work: the same share holds more layers at the top, and each member says what its mask takes', async () => {
    const amount = maskCost(computeCosts(testConfig()), [0]);
    const roundOf = async (name: 'top' | 'bottom') => {
      const budget = { kind: 'fixed', unit: 'compute', amount } as const;
      const { id } = await startCrew(server, three, { rounds: 1, strategy: { name }, budget });
      return committed(server, id, 1);
    };
    const [first] = selectableLayers(layoutFor(testConfig()));
    for (const member of (await roundOf('bottom')).members) {
      expect(member.mask).toEqual([first]);
      expect(member.cost).toBeCloseTo(amount, 9);
    }
    for (const member of (await roundOf('top')).members) {
      expect(member.mask?.length).toBeGreaterThan(1);
      expect(member.cost).toBeLessThanOrEqual(amount + 1e-9);
    }
  });
});
