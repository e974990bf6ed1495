// @module-tag long
import { drawCohort } from '@strata/fl-core/rounds';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { honest, type Script, silent } from '../testing/client.ts';
import { committed, samplingFor, startCrew } from '../testing/crew.ts';
import { TestServer } from '../testing/server.ts';

/** Who is asked, how long is waited for whom, and what a clock that is set back does to that. */

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterEach(() => {
  vi.restoreAllMocks();
  server.dropClients();
});
afterAll(() => server.close(), 60_000);

const quiet = { probe: silent, train: silent, evaluate: silent };

const seconds = (from: number | null, to: number | null): number => ((to ?? 0) - (from ?? 0)) / 1000;

describe('a member that never answers', () => {
  it('R2, R10: costs a round whose goal is reached the grace, and is asked last from then on', async () => {
    const first = ['c1', 'c2', 'c5'];
    const sampling = await samplingFor(['c1', 'c2', 'c3', 'c4', 'c5'], first);
    const leave: Script['train'] = (client) => client.standing('leave');
    const { id } = await startCrew(server, [honest, honest, honest, quiet, { train: leave }], {
      rounds: 3,
      purpose: { kind: 'test', sampling },
      cohort: { goal: 3, minimum: 3, quorum: 0.5, grace: { share: 0, seconds: 1 } },
      deadlines: { probing: 60, training: 60, evaluating: 60 },
    });
    const third = await committed(server, id, 3, 60_000);
    expect((await server.round(id, 1)).members.map((m) => m.client)).toEqual(first);
    // One of three had dropped out: all four that were left were asked.
    const second = await server.round(id, 2);
    expect(second.members.map((m) => m.client)).toEqual(['c1', 'c2', 'c3', 'c4']);
    expect(second.updates).toBe(3);
    expect(second.seconds.probing).toBeGreaterThan(0.9);
    expect(seconds(second.openedAt, second.closedAt)).toBeLessThan(20); // one deadline alone is 60
    expect(third.members.map((m) => m.client)).toEqual(['c1', 'c2', 'c3']);
    expect(third.drawnFrom).toMatchObject({ ready: ['c1', 'c2', 'c3'], last: [{ id: 'c4', missed: 1 }] });
    const said = (await server.events(id)).map((e) => e.message);
    expect(said).toContainEqual(
      'Probing of round 2 closed without an answer of c4; 3 of 4 had answered. Who answers nothing in a round is asked last in the next ones.',
    );
  }, 90_000);
});

describe('whom a run is for', () => {
  it('cohorts are of those alone, and others are told what they lack until they have it', async () => {
    const wasm = { device: { backend: 'wasm', reason: 'a test', adapter: '', threads: 1 } } as const;
    // Of 10, 20, 30 and 40 samples; the last one trains by something else.
    const hellos = [wasm, wasm, wasm, {}];
    const { id, clients } = await startCrew(
      server,
      [{}, {}, {}, {}],
      {
        rounds: 2,
        cohort: { goal: 5, minimum: 2, quorum: 0.4, eligible: { backends: ['wasm'], samples: 20 } },
      },
      hellos,
    );
    const first = await committed(server, id, 1);
    expect(first.members.map((m) => m.client)).toEqual(['c2', 'c3']);
    const [few, , , other] = clients;
    await few!.until(
      (w) => w.kind === 'wait' && /20 samples or more.* you have 10/.test(w.message),
      'what it lacks',
    );
    await other!.until((w) => w.kind === 'wait' && w.reason === 'not-eligible', 'what it lacks');
    await other!.hello(wasm);
    await server.until(id, (v) => v.state === 'finished', 'the end', 60_000);
    const { members } = await server.round(id, 2);
    expect(['c2,c3', 'c2,c3,c4']).toContain(members.map((m) => m.client).join());
  }, 90_000);
});

describe('what cohorts are drawn with', () => {
  it('R11: is the server’s own secret until the run is over; then every cohort can be drawn again', async () => {
    const study = { rounds: 2, seed: 1, purpose: { kind: 'study' } } as const;
    const { id } = await startCrew(server, [{}, {}, {}, {}, {}], study);
    expect((await server.view(id)).sampling).toBeNull();
    const { sampling } = await server.until(id, (v) => v.state === 'finished', 'the end', 60_000);
    expect(sampling).toMatch(/^[0-9a-f]{64}$/);
    for (const number of [1, 2]) {
      const { members, drawnFrom } = await server.round(id, number);
      expect(drawnFrom).toMatchObject({ ready: ['c1', 'c2', 'c3', 'c4', 'c5'], size: 3 });
      expect(await drawCohort(drawnFrom!, sampling!, number)).toEqual(members.map((m) => m.client));
    }
    server.dropClients();
    const again = await startCrew(server, [{}, {}, {}, {}, {}], { ...study, rounds: 1 });
    const other = await server.until(again.id, (v) => v.state === 'finished', 'the end', 60_000);
    expect(other.sampling).not.toBe(sampling);
  }, 150_000);

  it('R11: is what a test states', async () => {
    const { id } = await startCrew(server, [{}, {}, {}], { rounds: 1, seed: 9 });
    const { sampling } = await server.until(id, (v) => v.state === 'finished', 'the end', 60_000);
    expect(sampling).toBe('9');
  });
});

describe('a clock that is set back by an hour', () => {
  const { now } = Date;
  const setBack = () => vi.spyOn(Date, 'now').mockImplementation(() => now() - 3_600_000);

  it('between rounds: the next one opens after its pause', async () => {
    const inSecondRound: Script['probe'] = async (client, work) => {
      if (work.round === 2) setBack();
      if (work.round > 3) await honest.probe(client, work);
    };
    const { id } = await startCrew(server, [{ probe: inSecondRound }, { probe: inSecondRound }, {}], {
      rounds: 1,
      deadlines: { probing: 1, training: 20, evaluating: 20 },
    });
    // Three rounds are abandoned, with pauses of 1, 2 and 4 seconds.
    const round = await committed(server, id, 1, 60_000);
    expect(round.round).toBe(4);
    expect(round.openedAt).toBeGreaterThan(0);
  }, 90_000);

  it('in a phase: it closes at its deadline', async () => {
    const train: Script['train'] = async (_, work) => {
      if (work.round === 1) setBack();
    };
    const { id } = await startCrew(server, [{}, {}, { train }], {
      rounds: 1,
      deadlines: { probing: 20, training: 2, evaluating: 20 },
    });
    const round = await committed(server, id, 1, 60_000);
    expect(round.updates).toBe(2);
    expect(round.seconds.training).toBeLessThan(15);
    expect(round.closedAt).toBeGreaterThanOrEqual(round.openedAt);
    for (const value of Object.values(round.seconds)) expect(value).toBeGreaterThanOrEqual(0);
  }, 90_000);
});
