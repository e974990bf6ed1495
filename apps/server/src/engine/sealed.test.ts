// @module-tag long
import { createDataPlane } from '@strata/client';
import {
  decodeSafetensors,
  decodeWords,
  encodeSafetensors,
  type RoundDetail,
  type RunConfigInput,
} from '@strata/fl-core/protocol';
import { layoutFor } from '@strata/fl-core/rounds';
import { sealedAggregation } from '@strata/fl-core/rounds/testing';
import { gridFor, mostWeight } from '@strata/fl-core/sealing';
import { and, eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { members, rounds, sealings } from '../store/schema.ts';
import { honest, type Script, silent } from '../testing/client.ts';
import { type Crew, committed, startCrew } from '../testing/crew.ts';
import { TestServer } from '../testing/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterEach(() => server.dropClients());
afterAll(() => server.close(), 60_000);

const common = {
  strategy: { name: 'round-robin' },
  budget: { kind: 'fixed', unit: 'layers', amount: 1 },
  cohort: { goal: 8, minimum: 8, quorum: 0.5, grace: { share: 0, seconds: 1 } },
} as const satisfies Partial<RunConfigInput>;
const sealed = { ...common, aggregation: sealedAggregation } as const;
const open = { ...common, aggregation: { ...sealedAggregation, sealing: { kind: 'open' } } } as const;

/** Eight clients; the scripts of some, by number from 1. */
const crewOf = (more: Parameters<typeof startCrew>[2], scripts: Record<number, Partial<Script>> = {}) =>
  startCrew(
    server,
    Array.from({ length: 8 }, (_, i) => scripts[i + 1] ?? {}),
    more,
  );

/** Goes away when it should send its masked words: by then it has shared its secrets. */
const lostBeforeUpload: Partial<Script> = {
  seal: async (client, work) => {
    if (work.kind === 'mask') await client.standing('leave');
    else await honest.seal(client, work);
  },
};

async function weightsOf({ checkpoint }: RoundDetail, layer: string): Promise<number[]> {
  const { sha256 } = checkpoint!.layers[layer]!;
  return decodeSafetensors(await server.store.blobs.read(sha256)).tensors.flatMap((t) => [...t.data]);
}

const resultOf = async (run: string, round: number) => {
  const [row] = await server.store.db
    .select({ sealed: rounds.sealed, phase: rounds.phase, reason: rounds.reason, began: rounds.began })
    .from(rounds)
    .where(and(eq(rounds.run, run), eq(rounds.round, round)));
  return row!;
};

const errorsOf = ({ clients }: Crew) => clients.flatMap((c) => c.errors);

describe('a sealed run on the server', () => {
  it('is the unsealed run within two steps a value, and its rows tell nothing of one member', async () => {
    const crew = await crewOf({ ...sealed, rounds: 2 });
    const first = await committed(server, crew.id, 1);
    const plain = await crewOf({ ...open, rounds: 2 });
    const second = await committed(server, plain.id, 1);
    expect([errorsOf(crew), errorsOf(plain)]).toEqual([[], []]);

    const { sealed: result, began } = await resultOf(crew.id, 1);
    expect(Object.keys(began).sort()).toEqual(
      ['selecting', 'training', 'sealing', 'uploading', 'unmasking', 'aggregating', 'committed'].sort(),
    );
    const step = 1 / gridFor(8, mostWeight, 0.1).scale;
    const before = (await server.round(crew.id, 1)).members[0]?.mask ?? [];
    expect(before).toHaveLength(1);
    let compared = 0;
    for (const { name } of layoutFor(crew.config).layers) {
      const [a, b] = [await weightsOf(first, name), await weightsOf(second, name)];
      const worst = a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
      expect(worst, name).toBeLessThan(2 * step + 2 ** -23 * Math.max(...b.map(Math.abs)));
      if (result?.layers[name] !== undefined) compared += a.length;
    }
    expect(compared).toBeGreaterThan(100);
    // 10, 20 ... 80 samples are 1 ... 8 of 64 where 640 count at most
    expect(result?.layers.head).toEqual({ members: 8, weight: 36, clamped: 0 });
    expect(first.trainLoss).toBeCloseTo(1.5, 4);

    const end = await server.until(crew.id, (v) => v.state === 'finished', 'the end');
    // How the first model does was summed up in the second round: 10 to 80 samples say a loss of 0.1 to 0.8.
    expect(end.rounds.map((r) => r.loss)).toEqual([expect.closeTo(0.45, 4), null]);
    expect(end.rounds[0]?.accuracy).toBeCloseTo(0.25, 6);
    const rows = await server.store.db.select().from(members).where(eq(members.run, crew.id));
    expect(rows).toHaveLength(16);
    for (const { scores, trainLoss, evaluation, claimed, updateLength } of rows)
      expect([scores, trainLoss, evaluation, claimed, updateLength]).toEqual([null, null, null, null, null]);
    // The shares are forgotten with the round, the keys by which members are known again stay.
    const kept = await server.store.db.select().from(sealings).where(eq(sealings.run, crew.id));
    expect(kept).toHaveLength(16);
    for (const { ready, shared, released } of kept)
      expect([Object.keys(ready).sort(), shared, released]).toEqual([
        ['client', 'identity', 'keys', 'signature', 'vectors'],
        null,
        null,
      ]);
  }, 60_000);

  it('chooses layers by the sums of the scores of the round before', async () => {
    const crew = await crewOf({ ...sealed, strategy: { name: 'gradient-norm' }, rounds: 2 });
    await server.until(crew.id, (v) => v.state === 'finished', 'the end');
    expect(errorsOf(crew)).toEqual([]);
    const means = (await resultOf(crew.id, 1)).sealed?.scores ?? {};
    const [best] = Object.entries(means).sort(([, a], [, b]) => b - a);
    const { members: second } = await server.round(crew.id, 2);
    for (const { mask, scores } of second) expect([mask, scores]).toEqual([[best?.[0]], null]);
    expect((await server.round(crew.id, 1)).importance).toEqual(means);
    expect((await resultOf(crew.id, 2)).sealed?.scores).toBeNull();
  }, 60_000);

  it('commits with two of eight lost between sharing and upload', async () => {
    const crew = await crewOf({ ...sealed, rounds: 1 }, { 3: lostBeforeUpload, 8: lostBeforeUpload });
    const round = await committed(server, crew.id, 1);
    expect(round.updates).toBe(6);
    const { sealed: result } = await resultOf(crew.id, 1);
    expect(result?.layers.head).toEqual({ members: 6, weight: 36 - 3 - 8, clamped: 0 });
    const opened = (await server.events(crew.id)).find((e) => e.kind === 'sums-opened');
    expect(opened?.message).toContain('each over at least 5 participants');
  }, 60_000);

  it('is abandoned where too few are left, says so, and the model stays as it was', async () => {
    const lost = { 1: lostBeforeUpload, 2: lostBeforeUpload, 3: lostBeforeUpload };
    const crew = await crewOf({ ...sealed, rounds: 1 }, lost);
    const before = (await server.view(crew.id)).checkpoint;
    const view = await server.until(crew.id, (v) => v.rounds[0]?.phase === 'abandoned', 'the end of round 1');
    expect(view.rounds[0]?.reason).toMatch(/^\d of 8 participants answered in uploading; 6 were needed\.$/);
    expect(view.checkpoint).toEqual(before);
    const { sealed: result } = await resultOf(crew.id, 1);
    expect(result).toBeNull();
    const kept = await server.store.db.select().from(sealings).where(eq(sealings.run, crew.id));
    expect(kept.map((k) => [k.shared, k.released])).toEqual(Array(8).fill([null, null]));
    await server.command(crew.id, 'stop');
  }, 60_000);

  it('goes on without a member whose device has forgotten the secrets of the round', async () => {
    const forgetful: Partial<Script> = {
      seal: async (client, work) => {
        if (work.kind === 'mask') client.party = client.newParty();
        await honest.seal(client, work);
      },
    };
    const crew = await crewOf({ ...sealed, rounds: 1 }, { 4: forgetful });
    const round = await committed(server, crew.id, 1);
    expect([round.updates, errorsOf(crew)]).toEqual([7, []]);
    const line = (await server.events(crew.id)).find((e) => e.kind === 'sealing-left');
    expect(line).toMatchObject({ client: 'c4', level: 'warning' });
    expect(line?.message).toContain('has not the secrets of this round any more');
  }, 60_000);

  it('refuses what is not asked for, by its code, and takes the right answer after it', async () => {
    const refused: string[] = [];
    const attempt = (work: Promise<unknown>) =>
      work.then(
        () => refused.push('nothing'),
        (error: { code: string }) => refused.push(error.code),
      );
    const hostile: Partial<Script> = {
      train: async (client, work) => {
        await attempt(client.upload(work.round, client.delta(work)));
        const other = { ...work, seal: work.seal!, mask: [] };
        const trained = { samples: 1, trainLoss: 1, before: null, scores: null };
        const wrong = await client.newParty().ready(other, { ...trained, update: client.delta(work) });
        await attempt(client.channel.ask('sealed', wrong));
        await honest.train(client, work);
        await honest.train(client, work); // again, and counted once (R4)
      },
      seal: async (client, work) => {
        if (work.kind === 'mask') {
          const words = [...decodeWords((await client.party.mask(work)).file)];
          const files = [
            words.slice(1).map(([name, data]) => ({ name, shape: [data.length], data })),
            words.map(([name, w]) => ({ name, shape: [w.length], data: Float32Array.from(w) })),
          ];
          for (const file of files) await attempt(client.put(work.round, encodeSafetensors(file)));
        }
        if (work.kind === 'release') {
          // Both kinds of share of one member: no participant gives them back.
          const released = {
            client: client.id,
            seeds: { c1: {} },
            keys: { c1: '00'.repeat(33) },
          };
          await attempt(client.channel.ask('sealed', { kind: 'released', round: work.round, released }));
        }
        await honest.seal(client, work);
      },
    };
    const crew = await crewOf({ ...sealed, rounds: 1 }, { 2: hostile });
    const round = await committed(server, crew.id, 1);
    expect(errorsOf(crew)).toEqual([]);
    expect(refused).toEqual([
      'bad-request',
      'wrong-layers',
      'wrong-layers',
      'bad-safetensors',
      'bad-message',
    ]);
    expect(round.updates).toBe(8);
    const { sealed: result } = await resultOf(crew.id, 1);
    expect(result?.layers.head).toMatchObject({ members: 8, weight: 36 });
  }, 60_000);

  it('refuses a member that comes back with another identity key, before it costs the others a round', async () => {
    const changed: Partial<Script> = {
      train: async (client, work) => {
        if (work.round === 2) client.party = client.newParty();
        await honest.train(client, work);
      },
    };
    const crew = await crewOf(
      { ...sealed, cohort: { ...sealed.cohort, quorum: 0.9 }, rounds: 2 },
      { 5: changed },
    );
    const end = await server.until(
      crew.id,
      (v) => crew.clients[4]!.errors.length > 0 && v.committed === 1,
      'the refusal',
    );
    expect(crew.clients[4]!.errors[0]).toMatchObject({ code: 'wrong-key' });
    expect(end.rounds[1]?.phase).toBe('training');
    await server.command(crew.id, 'stop');
  }, 60_000);

  it('of a run that is not sealed takes no keys', async () => {
    const crew = await crewOf({ ...open, rounds: 1 }, { 1: { train: silent } });
    const [first] = crew.clients;
    const work = await first!.until((w) => w.kind === 'train', 'training');
    if (work.kind !== 'train') throw new Error('it is to train');
    const why = { code: 'internal', message: 'x', hint: 'y' } as const;
    await expect(
      first!.channel.ask('sealed', {
        kind: 'released',
        round: 1,
        released: { client: 'c1', seeds: {}, keys: {} },
      }),
    ).rejects.toMatchObject({ code: 'bad-request' });
    await first!.channel.ask('sealed', { kind: 'out', round: 1, why });
    const plane = createDataPlane({
      server: server.url,
      run: crew.id,
      key: first!.key,
      identity: { client: 'c1', secret: first!.secret },
    });
    await expect(
      plane.upload(1, encodeSafetensors(first!.delta(work)), new AbortController().signal),
    ).rejects.toMatchObject({ code: 'not-in-cohort' });
    expect((await committed(server, crew.id, 1)).updates).toBe(7);
  }, 60_000);
});
