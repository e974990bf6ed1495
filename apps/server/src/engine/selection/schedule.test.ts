// @module-tag long
import { selectableLayers } from '@strata/fl-core/models/layouts';
import type { Work } from '@strata/fl-core/protocol';
import { layoutFor } from '@strata/fl-core/rounds';
import { roundTime } from '@strata/fl-core/selection';
import { and, eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { members, rounds } from '../../store/schema.ts';
import { honest, type Script, silent, type TestClient } from '../../testing/client.ts';
import { committed, startCrew } from '../../testing/crew.ts';
import { TestServer, testConfig } from '../../testing/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterEach(() => server.dropClients());
afterAll(() => server.close(), 60_000);

const three = [{}, {}, {}];
const layers = selectableLayers(layoutFor(testConfig()));
const probedRounds = ({ history }: TestClient): number[] => [
  ...new Set(history.flatMap((w: Work) => (w.kind === 'probe' ? [w.round] : []))),
];
const finished = (id: string) => server.until(id, (v) => v.state === 'finished', 'the end');
const memberRows = (id: string, round: number) =>
  server.store.db
    .select()
    .from(members)
    .where(and(eq(members.run, id), eq(members.round, round)))
    .orderBy(members.client);

/** A probe script that gives layer `best` of the round the score `high` and the others 1. */
const scoring =
  (best: (round: number) => string, high = 10): Script['probe'] =>
  (client, { round }) =>
    client.probed(round, Object.fromEntries(layers.map((l) => [l, l === best(round) ? high : 1])));

/** Trains but in one round, which it leaves, to come back for the next: when all do, the round is abandoned. */
const leavingRound =
  (round: number): Script['train'] =>
  async (client, work) => {
    if (work.round !== round) return honest.train(client, work);
    await client.standing('leave');
    await client.hello();
  };

describe('selection.every', () => {
  it('2: every second round is probed, the masks stay in between, nobody is late for it', async () => {
    const { id, clients } = await startCrew(server, three, {
      rounds: 4,
      selection: { every: 2 },
      strategy: { name: 'gradient-norm' },
    });
    const view = await finished(id);
    for (const client of clients) {
      expect(client.errors).toEqual([]);
      expect(probedRounds(client)).toEqual([1, 3]);
    }
    expect(view.rounds.map((r) => r.seconds.probing > 0)).toEqual([true, false, true, false]);
    expect(view.rounds.map((r) => r.e1 !== null)).toEqual([true, false, true, false]);
    expect(view.rounds.every((r) => r.agreement !== null)).toBe(true);
    const masks = await Promise.all(
      [1, 2, 3, 4].map(async (n) => (await server.round(id, n)).members.map((m) => m.mask)),
    );
    expect([masks[1], masks[3]]).toEqual([masks[0], masks[2]]);
    expect(masks[2]).not.toEqual(masks[0]);
  });

  it('a strategy that goes by turns visits every layer all the same', async () => {
    const { id } = await startCrew(server, three, {
      rounds: 4,
      selection: { every: 2 },
      strategy: { name: 'round-robin' },
      budget: { kind: 'fixed', amount: 1 },
    });
    await finished(id);
    const masks = await Promise.all(
      [1, 2, 3, 4].map(async (n) => (await server.round(id, n)).members[0]?.mask),
    );
    expect(masks.map((m) => m?.[0])).toEqual([layers[0], layers[0], layers[1], layers[1]]);
  });

  it('a choice whose round was abandoned is made again', async () => {
    const { id, clients } = await startCrew(
      server,
      three.map(() => ({ train: leavingRound(1) })),
      { rounds: 2, selection: { every: 2 } },
    );
    await finished(id);
    expect(probedRounds(clients[0]!)).toEqual([1, 2]);
    const masks = await Promise.all([2, 3].map(async (n) => (await server.round(id, n)).members[0]?.mask));
    expect(masks[0]?.length).toBe(2);
    expect(masks[1]).toEqual(masks[0]);
  });
});

describe('selection.smoothing', () => {
  const [first = '', second = ''] = layers;

  it('masks follow the moving average of the scores, not the newest alone', async () => {
    const probe = scoring((round) => (round === 1 ? first : second));
    const run = async (smoothing: number) => {
      const { id } = await startCrew(
        server,
        three.map(() => ({ probe })),
        {
          rounds: 2,
          selection: { smoothing },
          strategy: { name: 'gradient-norm' },
          budget: { kind: 'fixed', amount: 1 },
        },
      );
      await finished(id);
      server.dropClients();
      return memberRows(id, 2);
    };
    const newest = await run(1);
    expect(newest.map((m) => m.mask)).toEqual([[second], [second], [second]]);
    const smoothed = await run(0.25);
    // 0.25 * 10 + 0.75 * 1 for the new best, 0.25 * 1 + 0.75 * 10 for the old one.
    expect(smoothed[0]?.smoothed).toMatchObject({ [first]: 7.75, [second]: 3.25 });
    expect(smoothed.map((m) => m.mask)).toEqual([[first], [first], [first]]);
    expect(smoothed[0]?.scores).toMatchObject({ [first]: 1, [second]: 10 });
  });

  it('who misses a probe takes part by its earlier scores; who never answered one does not', async () => {
    const onlyOnce: Script['probe'] = async (client, work) => {
      if (work.round === 1) await scoring(() => second)(client, work);
    };
    const { id } = await startCrew(server, [{}, { probe: onlyOnce }, { probe: silent }], {
      rounds: 2,
      strategy: { name: 'gradient-norm' },
      budget: { kind: 'fixed', amount: 1 },
      deadlines: { probing: 2, training: 20, evaluating: 20 },
      cohort: { goal: 3, minimum: 3, quorum: 0.3 },
    });
    await finished(id);
    const [one, two] = [await server.round(id, 1), await server.round(id, 2)];
    expect(one.members.map((m) => m.mask === null)).toEqual([false, false, true]);
    expect(two.members.map((m) => m.scores === null)).toEqual([false, true, true]);
    expect(two.members.map((m) => m.mask === null)).toEqual([false, false, true]);
    expect(two.members[1]?.mask).toEqual([second]);
  });
});

describe('a strategy with a history', () => {
  it('finds what the last committed round left, and nothing of an abandoned one', async () => {
    const { id } = await startCrew(
      server,
      three.map(() => ({ train: leavingRound(2) })),
      {
        rounds: 2,
        strategy: { name: 'adagrad-select', epsilon: 0 },
      },
    );
    await finished(id);
    const rows = await server.store.db.select().from(rounds).where(eq(rounds.run, id)).orderBy(rounds.round);
    expect(rows.map((r) => r.phase)).toEqual(['committed', 'abandoned', 'committed']);
    const counts: Record<string, number> = Object.fromEntries(layers.map((l) => [l, 0]));
    for (const n of [1, 3]) {
      for (const { mask } of await memberRows(id, n)) for (const l of mask ?? []) counts[l]! += 1 / 3;
      const { trained } = rows[n - 1]?.history ?? { trained: {} };
      for (const l of layers) expect(trained[l]).toBeCloseTo(counts[l]!, 12);
    }
  });
});

describe('budgets measured on the clients', () => {
  it('adaptive: follow the time a client took for what its masks cost', async () => {
    const slow: Script['train'] = async (client, work) => {
      if (work.round === 1) await new Promise((resolve) => setTimeout(resolve, 1200));
      await honest.train(client, work);
    };
    const { id } = await startCrew(server, [{}, {}, { train: slow }], {
      rounds: 2,
      strategy: { name: 'top' },
      budget: { kind: 'adaptive', deadline: 1, first: 2, max: 4 },
    });
    await finished(id);
    const [one, two] = [await memberRows(id, 1), await memberRows(id, 2)];
    expect(one.map((m) => [m.budget, m.cost])).toEqual([
      [2, 2],
      [2, 2],
      [2, 2],
    ]);
    expect(one[2]?.seconds).toBeGreaterThanOrEqual(1.2);
    two.forEach(({ budget, mask }, i) => {
      expect(budget).toBeCloseTo(Math.min(4, 1 / ((one[i]?.seconds ?? 0) / 2)), 9);
      expect(mask?.length).toBe(Math.min(layers.length, Math.floor(budget)));
    });
    expect(two[2]?.mask?.length).toBeLessThanOrEqual(1);
  });

  it('adaptive: who did not make it gets less the next time', async () => {
    const late: Script['train'] = async (client, work) => {
      if (work.round > 1) await honest.train(client, work);
    };
    const { id } = await startCrew(server, [{}, {}, { train: late }], {
      rounds: 2,
      strategy: { name: 'top' },
      budget: { kind: 'adaptive', deadline: 2, first: 2, max: 4 },
      deadlines: { probing: 20, training: 2, evaluating: 20 },
    });
    await finished(id);
    const [, , one] = await memberRows(id, 1);
    const [, , two] = await memberRows(id, 2);
    expect([one?.update, one?.mask?.length]).toEqual([null, 2]);
    expect(one?.seconds).toBeGreaterThanOrEqual(4);
    expect(two?.budget).toBeLessThanOrEqual(1);
  });

  const inMilliseconds = async (
    strategy: { name: 'top' | 'gradient-norm' } | { name: 'strata'; lambda: number },
    amount: number,
    every = 1,
  ) => {
    const config = testConfig({
      strategy,
      selection: { every },
      budget: { kind: 'fixed', unit: 'milliseconds', amount },
    });
    const { id } = await server.createRun(config);
    const clients = [1, 2, 4].map((slowness) =>
      server.client({ run: id, id: `c${slowness}`, config, slowness }),
    );
    await Promise.all(clients.map((c) => c.join()));
    await server.command(id, 'start');
    await finished(id);
    expect(clients.flatMap((c) => c.errors)).toEqual([]);
    return { id, clients };
  };

  it.each([{ name: 'top' }, { name: 'gradient-norm' }, { name: 'strata', lambda: 1 }] as const)(
    'milliseconds: $name keeps every client in time, the slower with fewer layers',
    async (strategy) => {
      const amount = 85;
      const { id, clients } = await inMilliseconds(strategy, amount);
      for (const client of clients) expect(probedRounds(client)).toEqual([1, 2]);
      const rows = await memberRows(id, 2);
      const sizes = rows.map((m) => m.mask?.length ?? 0);
      expect(sizes[0]).toBeGreaterThan(sizes[2]!);
      rows.forEach(({ mask, cost, budget }, i) => {
        const { times, steps } = clients[i]!.measured();
        const each = layers.map(() => times.base);
        const indices = (mask ?? []).map((l) => layers.indexOf(l));
        const time = roundTime({ base: times.base, passing: each, training: each }, indices, steps);
        expect([budget, cost]).toEqual([amount, time]);
        expect(time).toBeLessThanOrEqual(amount);
      });
    },
  );

  it('milliseconds: masks that stay need no new measurement', async () => {
    const { id, clients } = await inMilliseconds({ name: 'gradient-norm' }, 85, 2);
    for (const client of clients) expect(probedRounds(client)).toEqual([1]);
    const [one, two] = [await memberRows(id, 1), await memberRows(id, 2)];
    expect(two.map((m) => m.mask)).toEqual(one.map((m) => m.mask));
    expect(two.map((m) => m.cost)).toEqual(one.map((m) => m.cost));
  });

  it('milliseconds: a probe without times is refused with the reason, and may be sent again', async () => {
    const refusals: unknown[] = [];
    const forgetful: Script['probe'] = async (client, work) => {
      const scores = client.scores(work);
      const { times, steps } = client.measured();
      const [missing = ''] = layers;
      const { [missing]: _, ...passing } = times.passing;
      for (const bad of [{}, { times }, { times, steps: 0 }, { times: { ...times, passing }, steps }]) {
        await client.probed(work.round, scores, bad).catch((error: unknown) => refusals.push(error));
      }
      await honest.probe(client, work);
    };
    const { id } = await startCrew(server, [{ probe: forgetful }, {}, {}], {
      rounds: 1,
      budget: { kind: 'fixed', unit: 'milliseconds', amount: 85 },
    });
    const round = await committed(server, id, 1);
    expect(round.updates).toBe(3);
    expect(refusals).toHaveLength(4);
    for (const refusal of refusals) expect(refusal).toMatchObject({ code: 'wrong-scores' });
    expect(refusals[0]).toMatchObject({ message: 'The probe of c1 brought no times and steps.' });
    expect(refusals[3]).toMatchObject({ message: `The probe brought no time of layer ${layers[0]}.` });
  });
});
