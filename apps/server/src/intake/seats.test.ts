// @module-tag long
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCrew } from '../testing/crew.ts';
import { Hostile } from '../testing/hostile.ts';
import { TestServer, testConfig } from '../testing/server.ts';

/** Seats are for those who take part. */

const config = testConfig();

describe('many clients of one address that say hello and never answer', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({ clientsPerRun: 20, participantsPerAddress: 100 });
  }, 120_000);
  afterAll(() => server.close(), 60_000);

  it('give way to newcomers from elsewhere, whose rounds are committed', async () => {
    const quick = { deadlines: { probing: 5, training: 5, evaluating: 5 }, rounds: 1 };
    const wanted = testConfig({ ...quick, cohort: { goal: 3, minimum: 3, quorum: 0.5 } });
    const { id: run, joinKey: key } = await server.createRun(wanted);
    const sybils = Array.from(
      { length: 20 },
      (_, i) => new Hostile({ url: server.url, run, client: `sybil-${i}`, key, from: '203.0.113.66' }),
    );
    for (const sybil of sybils) {
      await sybil.connect();
      expect(await sybil.hello()).toMatchObject({ ok: true });
    }
    const late = new Hostile({ url: server.url, run, client: 'sybil-20', key, from: '203.0.113.66' });
    await expect(late.connect()).rejects.toMatchObject({ code: 'unavailable' });
    late.drop();

    const honest = ['c1', 'c2', 'c3'].map((id) => server.client({ run, id, config: wanted }));
    await Promise.all(honest.map((client) => client.join()));
    await expect.poll(() => sybils.filter(({ socket }) => socket.connected).length).toBe(17);
    await server.command(run, 'start');
    const view = await server.until(run, (v) => v.state === 'finished', 'the end', 150_000);
    expect(view.committed).toBe(1);
    for (const sybil of sybils) sybil.drop();
  }, 240_000);

  it('who answered keeps the seat, and newcomers do not push it out', async () => {
    const { id: run, clients } = await startCrew(server, [{}, {}, {}], { rounds: 500 });
    await server.until(run, (v) => v.committed >= 1, 'a committed round');
    const { joinKey: key } = await server.view(run);
    const sybils = Array.from(
      { length: 22 },
      (_, i) => new Hostile({ url: server.url, run, client: `sybil-${i}`, key, from: `203.0.113.${i}` }),
    );
    for (const sybil of sybils) await sybil.connect().catch(() => undefined);
    expect(clients.map((client) => client.connected)).toEqual([true, true, true]);
    await server.command(run, 'stop');
    for (const sybil of sybils) sybil.drop();
  }, 120_000);
});

describe('a client that leaves', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({ registrationsPerRun: 4, clientsPerRun: 100 });
  }, 120_000);
  afterAll(() => server.close(), 60_000);

  it('without ever having answered leaves nothing behind: joining and leaving closes a run to nobody', async () => {
    const { id: run, joinKey: key } = await server.createRun(config);
    for (let i = 0; i < 12; i++) {
      const passing = new Hostile({ url: server.url, run, client: `p${i}`, key });
      await passing.connect();
      await passing.hello();
      await passing.say('standing', { want: 'leave' });
      passing.drop();
      await passing.closed;
    }
    await expect.poll(async () => (await server.view(run)).clients, { timeout: 5000 }).toEqual([]);
    const last = new Hostile({ url: server.url, run, client: 'last', key });
    await last.connect();
    last.drop();
  });

  it('or is lost: the same, after the grace', async () => {
    const { id: run, joinKey: key } = await server.createRun(config);
    const lost = new Hostile({ url: server.url, run, client: 'lost', key });
    await lost.connect();
    await lost.hello();
    lost.drop();
    await lost.closed;
    expect((await server.view(run)).clients).toHaveLength(1);
    await expect.poll(async () => (await server.view(run)).clients, { timeout: 5000 }).toEqual([]);
  });

  it('having answered is remembered', async () => {
    const { id: run, clients } = await startCrew(server, [{}, {}, {}], { rounds: 1 });
    await server.until(run, (v) => v.state === 'finished', 'the end');
    await clients[0]?.standing('leave');
    clients[0]?.drop();
    await expect
      .poll(async () => (await server.view(run)).clients.find((c) => c.id === 'c1')?.presence)
      .toBe('left');
  });
});
