// @module-tag long
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { routes } from '@strata/fl-core/protocol';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkpoints } from '../store/schema.ts';
import { committed, startCrew } from '../testing/crew.ts';
import { TestServer, testConfig } from '../testing/server.ts';
import { hashesIn } from './garbage-collection.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterAll(() => server.close(), 60_000);

const remove = (run: string) => server.operator.call(routes.deleteRun, { params: { run } });
const files = async () =>
  (await readdir(join(server.dataDir, 'blobs'), { recursive: true })).filter((name) =>
    /[0-9a-f]{60}/.test(name),
  );

/** Where the id of a run stands in a table, of ours or of the workflow engine's. */
async function traces(id: string): Promise<string[]> {
  const { rows } = await server.store.pool.query<{ name: string }>(
    `SELECT table_schema || '.' || table_name AS name FROM information_schema.tables
     WHERE table_schema IN ('public', 'dbos') AND table_name <> 'audit'`,
  );
  const found: string[] = [];
  for (const { name } of rows) {
    const { rows: lines } = await server.store.pool.query(
      `SELECT 1 FROM ${name} AS r WHERE r::text LIKE '%${id}%' LIMIT 1`,
    );
    if (lines.length > 0) found.push(name);
  }
  return found.sort();
}

it('leaves no trace of a run but on record, takes no file that another run needs, and says what went', async () => {
  const config = { rounds: 1, seed: 7 };
  const other = await startCrew(server, [{}, {}, {}], config);
  await server.until(other.id, (v) => v.state === 'finished', 'the end of the other', 60_000);
  const crew = await startCrew(server, [{}, {}, {}], config);
  await expect(remove(crew.id)).rejects.toMatchObject({
    code: 'wrong-state',
    message: expect.stringContaining('under way'),
  });
  await committed(server, crew.id, 1);
  await server.until(crew.id, (v) => v.state === 'finished', 'the end', 60_000);
  await server.operator.call(routes.createInvitation, { params: { run: crew.id }, body: {} });
  expect(await traces(crew.id)).toEqual(
    expect.arrayContaining(['public.members', 'public.events', 'dbos.workflow_status']),
  );

  let deleted: Awaited<ReturnType<typeof remove>> | null = null;
  // Its workflow ends a moment after the run.
  await expect
    .poll(async () => (deleted ??= await remove(crew.id).catch(() => null)), { timeout: 20_000 })
    .toMatchObject({ rounds: 1, answers: 3, participants: 3, invitations: 1, checkpoints: 2 });
  expect(await traces(crew.id)).toEqual([]);
  await expect(server.view(crew.id)).rejects.toMatchObject({ code: 'unknown-run' });
  await expect(remove(crew.id)).rejects.toMatchObject({ code: 'unknown-run' });
  for (const client of crew.clients) {
    await expect.poll(() => client.dismissals.at(-1)?.code).toBe('unknown-run');
  }
  // The other run began from the same model, and still has it.
  const models = await server.store.db.select().from(checkpoints).where(eq(checkpoints.run, other.id));
  const needed = models.flatMap(({ layers, optimizer }) => hashesIn([layers, optimizer]));
  const paths = [...new Set(needed)].map((hash) => `${hash.slice(0, 2)}/${hash.slice(2)}`);
  await expect.poll(async () => (await files()).sort(), { timeout: 20_000 }).toEqual(paths.sort());
  await (await server.operator.bytes(routes.modelFolder, { params: { run: other.id } })).arrayBuffer();
  const { entries } = await server.operator.call(routes.audit, { query: { limit: 5 } });
  expect(entries.find(({ kind }) => kind === 'run-deleted')).toMatchObject({
    run: crew.id,
    details: { rounds: '1', answers: '3', participants: '3' },
  });
}, 120_000);

it('takes a draft, too', async () => {
  const { id } = await server.createRun(testConfig());
  expect(await remove(id)).toMatchObject({ rounds: 0, answers: 0, checkpoints: 1 });
  expect(await traces(id)).toEqual([]);
});
