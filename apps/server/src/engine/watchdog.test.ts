// @module-tag long
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { committed, Gate, gated, startCrew } from '../testing/crew.ts';
import { TestServer, testConfig } from '../testing/server.ts';

/** What is lost of events and executions is found by looking. */

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ watchMs: 400 });
}, 120_000);
afterEach(() => {
  vi.restoreAllMocks();
  server.dropClients();
});
afterAll(() => server.close(), 60_000);

type Ask = (...args: unknown[]) => unknown;

type Matches = (sql: string, values: readonly unknown[]) => boolean;

/** The next `times` queries that `matches` says yes to fail with `message`; tells how many have. */
const failing = (matches: Matches, times: number, message = 'something broke'): (() => number) =>
  intercepting(matches, times, () => Promise.reject(new Error(message)));

/** The next `times` queries that `matches` says yes to are not asked, and answered so; tells how many were. */
function intercepting(matches: Matches, times: number, answer: () => Promise<unknown>): () => number {
  let failed = 0;
  const guarded =
    (ask: Ask): Ask =>
    (...args) => {
      const [sql, values] = args;
      const hit = typeof sql === 'string' && matches(sql, Array.isArray(values) ? values : []);
      if (!hit || failed >= times) return ask(...args);
      failed += 1;
      return answer();
    };
  const { pool } = server.store;
  const [query, connect] = [pool.query.bind(pool), pool.connect.bind(pool)];
  vi.spyOn(pool, 'query').mockImplementation(guarded(query));
  const guardedClient = async () => {
    const client = await connect();
    const { query } = client;
    const release = client.release.bind(client);
    Object.assign(client, {
      query: guarded(query.bind(client)),
      release: (error?: Error) => {
        Object.assign(client, { query, release });
        release(error);
      },
    });
    return client;
  };
  // A pool's own queries connect with a callback.
  vi.spyOn(pool, 'connect').mockImplementation((...args: unknown[]) =>
    args.length > 0 ? Reflect.apply(connect, null, args) : guardedClient(),
  );
  return () => failed;
}

describe('a wake-up that fails', () => {
  it('is done again: a round begins with the three who are there, without a fourth', async () => {
    const { id, config } = await server.createRun(testConfig({ rounds: 1 }));
    const clients = ['c1', 'c2', 'c3'].map((name) => server.client({ run: id, id: name, config }));
    await Promise.all(clients.map((c) => c.join()));
    const failed = failing((sql) => sql.includes('INSERT') && sql.includes('.notifications'), 3);
    await server.command(id, 'start');
    expect((await committed(server, id, 1)).updates).toBe(3);
    expect(failed()).toBe(3);
  }, 60_000);
});

/** DBOS asks so before each step whether the workflow was cancelled. */
const isStatusCheck = (sql: string): boolean => /^SELECT status\s/.test(sql);

describe('a workflow that has stopped', () => {
  /** A run with two of three updates in; the third comes when the gate opens. */
  async function waiting() {
    const gate = new Gate();
    const { id } = await startCrew(server, [{ train: gated(gate) }, {}, {}], { rounds: 2 });
    await server.until(id, (v) => v.rounds[0]?.updates === 2, 'two updates');
    return { id, gate };
  }
  const said = async (id: string) =>
    (await server.events(id)).filter((e) => e.kind === 'started-anew').map((e) => e.message);

  it('when its round was over and another execution was to record that, which never came: the run, which waits for it, goes on', async () => {
    const { id, gate } = await waiting();
    const refused = intercepting(
      (sql, values) =>
        /UPDATE.*workflow_status\s+SET status/.test(sql) &&
        values.includes('SUCCESS') &&
        values.includes(`run:${id}:1:round:1`),
      1,
      async () => ({ rows: [], rowCount: 0 }),
    );
    gate.open();
    expect((await committed(server, id, 2, 60_000)).updates).toBe(3);
    expect(refused()).toBe(1);
    expect(await said(id)).toContainEqual(
      'Round 1 had stopped working and was started anew from what is recorded.',
    );
  }, 120_000);

  it('where the database was away and not even that could be recorded: started anew, with what was counted', async () => {
    const { id, gate } = await waiting();
    // In words that the workflow engine does not wait for: it gives round and run up, and cannot write that down.
    const away = 'database "strata" is not currently accepting connections';
    let lost = 0;
    failing(
      (sql, values) => {
        const ends =
          /UPDATE.*workflow_status\s+SET status/.test(sql) &&
          values.includes('ERROR') &&
          !values.includes('ENQUEUED');
        if (ends) lost += 1;
        return ends || (lost === 0 && isStatusCheck(sql) && values.includes(`run:${id}:1:round:1`));
      },
      Number.POSITIVE_INFINITY,
      away,
    );
    gate.open();
    const first = await committed(server, id, 1);
    expect([first.round, first.updates]).toEqual([1, 3]);
    expect(lost).toBeGreaterThan(0);
    expect((await committed(server, id, 2)).updates).toBe(3);
    expect(await said(id)).toContainEqual(expect.stringMatching(/had stopped working and was started anew/));
    expect((await server.view(id)).state).toBe('finished');
  }, 60_000);
});
