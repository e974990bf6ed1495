// @module-tag long
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Caller } from '@strata/client';
import { type RunView, routes } from '@strata/fl-core/protocol';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { freshPostgres, postgresLacking } from '../store/testing.ts';
import { honest, type Script, TestClient } from '../testing/client.ts';
import { startCrew } from '../testing/crew.ts';
import { Relay } from '../testing/relay.ts';
import { operatorOf, serve, TestServer, testConfig, untilRun } from '../testing/server.ts';
import { EventLog } from '../views/event-log.ts';

/** Another database of the same server, from which the sessions of this one are ended. */
function administratorOf(url: string): string {
  const other = new URL(url);
  other.pathname = '/postgres';
  return other.href;
}

/** The database goes away and comes back: the process lives, and what was under way goes on without a restart. */
describe.skipIf(postgresLacking)(`PostgreSQL that goes away${postgresLacking}`, () => {
  let dataDir: string;
  let database: Awaited<ReturnType<typeof freshPostgres>>;
  let relay: Relay;
  let server: Awaited<ReturnType<typeof serve>>;
  const clients: TestClient[] = [];

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'strata-outage-'));
    database = await freshPostgres();
    relay = await Relay.before(database.url);
    server = await serve({ dataDir, port: 0, databaseUrl: relay.url }, { watchMs: 1000, graceMs: 60_000 });
  }, 60_000);
  afterEach(async () => {
    for (const client of clients.splice(0)) client.drop();
    await server.close();
    await relay.close();
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  }, 60_000);

  /** A client that answers until it is heard, as sessions do. */
  const patient = (pauseMs = 0): Partial<Script> => {
    const again = async (answer: () => Promise<void>): Promise<void> => {
      for (let n = 0; n < 600; n++) {
        try {
          return await answer();
        } catch {
          await sleep(300);
        }
      }
    };
    return {
      probe: (client, work) => again(() => honest.probe(client, work)),
      train: async (client, work) => {
        await sleep(pauseMs);
        await again(() => honest.train(client, work));
      },
      evaluate: (client, work) => again(() => honest.evaluate(client, work)),
    };
  };

  async function start(more: Parameters<typeof testConfig>[0], script: Partial<Script>): Promise<string> {
    const { url } = server;
    const body = testConfig(more);
    const { id, config, joinKey: key } = await operatorOf(url).call(routes.createRun, { body });
    const crew = ['c1', 'c2', 'c3'].map(
      (name) => new TestClient({ url, run: id, key, id: name, config, script }),
    );
    clients.push(...crew);
    await Promise.all(crew.map((c) => c.join()));
    await operatorOf(url).call(routes.commandRun, { params: { run: id }, body: { command: 'start' } });
    return id;
  }

  const anybody = () => new Caller({ server: server.url });
  const long = { probing: 60, training: 60, evaluating: 60 };

  it('all sessions are ended, again and again, in every phase (57P01): the process goes on, and so does the run', async () => {
    const id = await start({ rounds: 3, deadlines: long }, patient(50));
    const name = new URL(database.url).pathname.slice(1);
    for (let n = 0; n < 12; n++) {
      await database.administer(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
      );
      await sleep(150);
    }
    const end = await untilRun(server.url, id, (v) => v.state === 'finished', 'the end', 60_000);
    expect(end.committed).toBe(3);
  }, 120_000);

  it('all sessions are ended every 50 ms for a minute: the run ends by itself, with the bytes of one that was left alone', async () => {
    const config = {
      rounds: 3,
      seed: 3,
      deadlines: { probing: 600, training: 600, evaluating: 600 },
      // What it keeps must be there again.
      aggregation: { optimizer: { name: 'fedadam' } },
    } as const;
    const end = async (id: string): Promise<RunView> => {
      const view = await untilRun(server.url, id, (v) => v.state === 'finished', 'the end', 150_000);
      expect(view.rounds.map((r) => [r.phase, r.updates])).toEqual([1, 2, 3].map(() => ['committed', 3]));
      return view;
    };
    const alone = await end(await start(config, patient()));
    const id = await start(config, patient(300));
    const administrator = new pg.Client({ connectionString: administratorOf(database.url) });
    await administrator.connect();
    let ended = 0;
    try {
      for (const until = performance.now() + 60_000; performance.now() < until; await sleep(50)) {
        const { rowCount } = await administrator.query(
          'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1',
          [new URL(database.url).pathname.slice(1)],
        );
        ended += rowCount ?? 0;
      }
    } finally {
      await administrator.end();
    }
    expect(ended).toBeGreaterThan(100);
    expect((await end(id)).checkpoint).toEqual(alone.checkpoint);
  }, 420_000);

  it('within a deadline: the round is committed, and not ready is said meanwhile', async () => {
    const id = await start({ rounds: 2, deadlines: long }, patient(1000));
    await untilRun(server.url, id, (v) => v.rounds[0]?.phase === 'training', 'training');
    await relay.cut();
    await sleep(1500);
    const now = await anybody().call(routes.ready, {});
    expect(now).toMatchObject({ ready: false, lacks: [{ what: 'database' }] });
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    await expect(operatorOf(server.url).call(routes.run, { params: { run: id } })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('database'),
    });
    await sleep(2500);
    await relay.mend();
    const end = await untilRun(server.url, id, (v) => v.state === 'finished', 'the end', 60_000);
    expect(end.rounds.map((r) => r.phase)).toEqual(['committed', 'committed']);
    await expect(anybody().call(routes.ready, {})).resolves.toEqual({ ready: true, lacks: [] });
    const lines = await operatorOf(server.url).call(routes.events, {
      params: { run: id },
      query: { limit: 1000 },
    });
    expect(lines.find((l) => l.kind === 'database-back')?.message).toMatch(/did not answer for \d s/);
  }, 120_000);

  it('past the deadline: that round ends at once when it is back, and the next one is played (R2)', async () => {
    const id = await start(
      { rounds: 1, deadlines: { probing: 60, training: 4, evaluating: 60 } },
      // Of the first round nobody trains in time.
      { ...patient(), train: (c, w) => (w.round === 1 ? Promise.resolve() : patient().train!(c, w)) },
    );
    await untilRun(server.url, id, (v) => v.rounds[0]?.phase === 'training', 'training');
    await relay.cut();
    await sleep(12_000);
    await relay.mend();
    const end = await untilRun(server.url, id, (v) => v.state === 'finished', 'the end', 40_000);
    expect(end.rounds.map((r) => r.phase)).toEqual(['abandoned', 'committed']);
  }, 120_000);

  it('it refuses connections in words that no library waits for (55000): the round is committed all the same', async () => {
    const id = await start({ rounds: 2, deadlines: long }, patient(1000));
    await untilRun(server.url, id, (v) => v.rounds[0]?.phase === 'training', 'training');
    const name = new URL(database.url).pathname.slice(1);
    await database.administer(`alter database ${name} allow_connections false`);
    await database.administer(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
    );
    await sleep(4000);
    await database.administer(`alter database ${name} allow_connections true`);
    const end = await untilRun(server.url, id, (v) => v.state === 'finished', 'the end', 60_000);
    expect(end.rounds.map((r) => r.phase)).toEqual(['committed', 'committed']);
  }, 120_000);
});

describe('the database goes away just after a step is recorded, before anybody was told', () => {
  it('members hear of their phase all the same, long before they ask again', async () => {
    const server = await TestServer.start();
    const add = EventLog.prototype.addAll;
    const failed = new Set<string>();
    try {
      // What follows a commit of a round is a line in the log; it fails once, as of a session that was ended.
      vi.spyOn(EventLog.prototype, 'addAll').mockImplementation(function (this: EventLog, run, lines) {
        const [{ kind, round } = { kind: '' }] = lines;
        const key = `${kind} ${round}`;
        if (round === undefined || failed.has(key)) return add.call(this, run, lines);
        failed.add(key);
        return Promise.reject(Object.assign(new Error('terminating connection'), { code: '57P01' }));
      });
      const deadlines = { probing: 600, training: 600, evaluating: 600 };
      const { id } = await startCrew(server, [{}, {}, {}], { rounds: 2, deadlines });
      const end = await server.until(id, (v) => v.state === 'finished', 'the end', 60_000);
      expect(end.rounds.map((r) => [r.phase, r.updates])).toEqual([1, 2].map(() => ['committed', 3]));
      expect([...failed]).toEqual(expect.arrayContaining(['aggregated 1', 'aggregated 2', 'round-opened 2']));
    } finally {
      vi.restoreAllMocks();
      await server.close();
    }
  }, 120_000);
});
