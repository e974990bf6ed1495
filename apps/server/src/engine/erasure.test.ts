// @module-tag long
import { routes } from '@strata/fl-core/protocol';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { getRun } from '../store/rows.ts';
import { clients, members, rounds, runs } from '../store/schema.ts';
import { startCrew } from '../testing/crew.ts';
import { TestServer } from '../testing/server.ts';
import { roundSummary } from '../views/summed-up.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ erasureMs: 100 });
}, 120_000);
afterAll(() => server.close(), 60_000);

const config = { rounds: 1, seed: 7 };
const keeping = (kept: { participants?: number; run?: number }) => ({
  ...config,
  retention: { last: 3, best: 0, every: null, participants: null, run: null, ...kept },
});

async function played(kept: { participants?: number; run?: number }): Promise<string> {
  const { id } = await startCrew(server, [{}, {}, {}], keeping(kept));
  await server.until(id, (v) => v.state === 'finished', 'the end', 60_000);
  return id;
}

const endedBefore = (id: string, days: number) =>
  server.store.db
    .update(runs)
    .set({ endedAt: new Date(Date.now() - days * 86_400_000 - 1000) })
    .where(eq(runs.id, id));

/** Not by the server's views, which remember them. */
async function summaries(id: string) {
  const { db } = server.store;
  const run = await getRun(db, id);
  const all = await db.select().from(rounds).where(eq(rounds.run, id));
  return Promise.all(all.map(async (row) => (await roundSummary(db, run, row)).summary));
}

const kept = async (id: string) => ({
  clients: (await server.store.db.select().from(clients).where(eq(clients.run, id))).length,
  members: (await server.store.db.select().from(members).where(eq(members.run, id))).length,
});

it('what there is of participants goes when the days are over, and models and figures of rounds stay', async () => {
  const id = await played({ participants: 2 });
  const before = await summaries(id);
  await endedBefore(id, 1);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await kept(id)).toEqual({ clients: 3, members: 3 });
  await endedBefore(id, 2);
  await expect.poll(() => kept(id), { timeout: 10_000 }).toEqual({ clients: 0, members: 0 });

  const after = await server.view(id);
  expect(after).toMatchObject({ state: 'finished', committed: 1, clients: [] });
  expect(before).toMatchObject([{ round: 1, cohort: 3, updates: 3 }]);
  expect(await summaries(id)).toEqual(before);
  expect(await server.operator.call(routes.round, { params: { run: id, round: 1 } })).toMatchObject({
    members: [],
  });
  await (await server.operator.bytes(routes.modelFolder, { params: { run: id } })).arrayBuffer();
  const log = await server.operator.call(routes.events, { params: { run: id }, query: {} });
  expect(log.map(({ kind }) => kind)).toEqual(['participants-erased']);
  const { entries } = await server.operator.call(routes.audit, { query: { limit: 5 } });
  expect(entries.filter(({ kind }) => kind === 'participants-erased')).toEqual([
    expect.objectContaining({ who: 'retention', run: id, details: { participants: '3', answers: '3' } }),
  ]);
}, 120_000);

it('the run goes with all of it, and a run without days stays', async () => {
  const [gone, staying] = [await played({ run: 0 }), await played({})];
  await endedBefore(staying, 1000);
  await expect
    .poll(() => server.view(gone).catch((error) => error.code), { timeout: 20_000 })
    .toBe('unknown-run');
  expect(await kept(staying)).toEqual({ clients: 3, members: 3 });
  const { entries } = await server.operator.call(routes.audit, { query: { limit: 10 } });
  expect(entries.find(({ kind }) => kind === 'run-deleted')).toMatchObject({ who: 'retention', run: gone });
}, 120_000);
