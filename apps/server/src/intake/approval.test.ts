import { newIdentity } from '@strata/client';
import { type ClientCommand, type RunView, routes } from '@strata/fl-core/protocol';
import { and, eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clients as clientRows } from '../store/schema.ts';
import type { TestClient } from '../testing/client.ts';
import { TestServer, testConfig } from '../testing/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterAll(() => server.close(), 60_000);

const config = testConfig({
  approval: true,
  rounds: 2,
  cohort: { goal: 2, minimum: 2, quorum: 1 },
  deadlines: { probing: 120, training: 120, evaluating: 120 },
});
const join = async (run: RunView, id: string, secret = newIdentity().secret): Promise<TestClient> => {
  const client = server.client({ run: run.id, id, secret, config });
  await client.join();
  return client;
};
const command = (run: RunView, client: string, what: ClientCommand['command']) =>
  server.operator.call(routes.commandClient, { params: { run: run.id, client }, body: { command: what } });
const waiting = ({ clients }: RunView) => clients.filter((c) => c.awaitsApproval).map((c) => c.id);
const told = (client: TestClient) => client.history.at(-1);

describe('a run in which the operator lets everybody in', () => {
  it('opens no round with who waits; with who was let in it does, and the others see none of it', async () => {
    const run = await server.createRun(config);
    const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((id) => join(run, id)));
    for (const client of [a, b, c]) expect(told(client!)).toMatchObject({ reason: 'approval' });
    const here = async () =>
      (await server.operator.call(routes.runs, {})).find((r) => r.id === run.id)?.clients;
    expect(await here()).toBe(0);
    await server.command(run.id, 'start');
    expect(waiting(await command(run, 'a', 'approve'))).toEqual(['b', 'c']);
    expect(await here()).toBe(1);
    await a!.until((w) => w.kind === 'wait' && w.reason === 'more-clients', 'others to be let in');
    await command(run, 'b', 'approve');
    const view = await server.until(run.id, (v) => v.state === 'finished', 'the end', 90_000);
    expect(view.rounds.map(({ cohort, updates }) => [cohort, updates])).toEqual([
      [2, 2],
      [2, 2],
    ]);
    await c!.until((w) => w.kind === 'over', 'the end');
    expect(c!.history.map((w) => (w.kind === 'wait' ? w.reason : w.kind))).not.toContain('train');
    expect(told(c!)).toMatchObject({ kind: 'over', checkpoint: { layers: {} } });
    expect(Object.keys((told(a!) as { checkpoint: { layers: object } }).checkpoint.layers)).not.toEqual([]);
  }, 120_000);

  it('sends away for good who is refused, and lets it in after all', async () => {
    const run = await server.createRun(config);
    const client = await join(run, 'd');
    const view = await command(run, 'd', 'refuse');
    expect(view.clients).toMatchObject([{ id: 'd', banned: true, awaitsApproval: false, presence: 'left' }]);
    await expect
      .poll(() => client.dismissals, { timeout: 10_000 })
      .toMatchObject([{ code: 'banned', message: expect.stringContaining('not let you in') }]);
    await expect(client.join()).rejects.toMatchObject({ code: 'banned' });
    // Decided already: nothing more happens, and nothing more is on record.
    await command(run, 'd', 'approve');
    await command(run, 'd', 'admit');
    expect(await client.join()).toMatchObject({ reason: 'run-not-started' });
    const { entries } = await server.operator.call(routes.audit, { query: { limit: 20 } });
    const own = entries.filter((e) => e.run === run.id);
    expect(own.map(({ kind, details }) => [kind, details.client])).toEqual([
      ['client-admitted', 'd'],
      ['client-refused', 'd'],
      ['run-created', undefined],
    ]);
  });

  it('remembers so many of those who went before they were let in, the newest', async () => {
    const run = await server.createRun(config);
    const rows = Array.from({ length: 205 }, (_, i) => ({
      ...{ run: run.id, id: `w${i}`, secretHash: 'x', left: true, awaitsApproval: true },
      ...{ joinedAt: new Date(1_000_000 + i), hello: null },
    }));
    await server.store.db.insert(clientRows).values(rows);
    const last = await join(run, 'last');
    await last.standing('leave');
    last.drop();
    const left = () =>
      server.store.db
        .select({ id: clientRows.id })
        .from(clientRows)
        .where(and(eq(clientRows.run, run.id), clientRows.awaitsApproval));
    await expect.poll(async () => (await left()).length, { timeout: 10_000 }).toBe(200);
    const ids = (await left()).map(({ id }) => id);
    expect(ids).toContain('last');
    expect(ids).not.toContain('w5');
    expect(ids).toContain('w6');
  });
});
