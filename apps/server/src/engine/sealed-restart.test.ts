// @module-tag long
import { type Phase, routes } from '@strata/fl-core/protocol';
import { sealedAggregation } from '@strata/fl-core/rounds/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { honest, type Script, TestClient, type WorkOf } from '../testing/client.ts';
import { Gate } from '../testing/crew.ts';
import { operatorOf, testConfig, untilRun } from '../testing/server.ts';
import { ServerProcess } from '../testing/server-process.ts';

const kindOf = { sealing: 'share', uploading: 'mask', unmasking: 'release' } as const;

/** A sealed run of six, of whom those from the fourth on wait at the gate before they answer `phase`. */
async function startSix(server: ServerProcess, phase: keyof typeof kindOf, clients: TestClient[]) {
  const { url } = server;
  const config = testConfig({
    rounds: 1,
    strategy: { name: 'head-only' },
    cohort: { goal: 6, minimum: 6, quorum: 1 },
    deadlines: { probing: 600, training: 600, evaluating: 600 },
    aggregation: { ...sealedAggregation, sealing: { ...sealedAggregation.sealing, seconds: 600 } },
  });
  const { id, joinKey: key } = await operatorOf(url).call(routes.createRun, { body: config });
  const gate = new Gate();
  let answered = 0;
  let enough = () => {};
  const halfway = new Promise<void>((resolve) => {
    enough = resolve;
  });
  const seal =
    (late: boolean): Script['seal'] =>
    async (client, work: WorkOf<'share' | 'mask' | 'release'>) => {
      const here = work.kind === kindOf[phase];
      if (late && here) await gate.opened;
      await honest.seal(client, work);
      if (here && ++answered === 3) enough();
    };
  const crew = Array.from({ length: 6 }, (_, i) => {
    const script = { seal: seal(i >= 3) };
    return new TestClient({ url, run: id, key, id: `${phase}-${i + 1}`, config, script, samples: 10 });
  });
  clients.push(...crew);
  await Promise.all(crew.map((c) => c.join()));
  await operatorOf(url).call(routes.commandRun, { params: { run: id }, body: { command: 'start' } });
  await halfway;
  const phaseNow = async (): Promise<Phase | undefined> =>
    (await operatorOf(url).call(routes.run, { params: { run: id } })).rounds[0]?.phase;
  return { id, crew, gate, phaseNow };
}

describe('kill -9 of the server in a sealed round', () => {
  let server: ServerProcess;
  const clients: TestClient[] = [];
  beforeAll(async () => {
    server = await ServerProcess.place();
    await server.start();
  }, 120_000);
  afterAll(async () => {
    for (const client of clients) client.drop();
    await server.remove();
  }, 60_000);

  /** Half of them have answered the phase when the server dies; the others answer when it is back. */
  it.each(['sealing', 'uploading', 'unmasking'] as const)(
    'in %s: the round goes on where it was, and is committed with all of them',
    async (phase) => {
      const { url } = server;
      const { id, crew, gate, phaseNow } = await startSix(server, phase, clients);
      expect(await phaseNow()).toBe(phase);
      await server.kill();
      await server.start();
      expect(await phaseNow()).toBe(phase);
      while (!crew.every((c) => c.connected)) await new Promise((resolve) => setTimeout(resolve, 20));
      gate.open();
      const end = await untilRun(url, id, (v) => v.state === 'finished', 'the end', 60_000);
      expect(end.rounds.map((r) => [r.phase, r.updates])).toEqual([['committed', 6]]);
      expect(end.checkpoint.round).toBe(1);
      for (const client of crew) client.drop();
    },
    120_000,
  );

  it.skipIf(!process.env.STRATA_TEST_POSTGRES)(
    'in aggregating, while the opened sums are being committed: they are committed once (STRATA_TEST_POSTGRES)',
    async () => {
      const { url } = server;
      const { id, crew, gate, phaseNow } = await startSix(server, 'unmasking', clients);
      const holder = new pg.Client({ connectionString: server.databaseUrl ?? '' });
      await holder.connect();
      // Nobody can add a checkpoint, which a commit begins with.
      await holder.query('begin');
      await holder.query('lock table checkpoints in share mode');
      gate.open();
      const held = `select from pg_locks where not granted and relation = 'checkpoints'::regclass`;
      await expect.poll(async () => (await holder.query(held)).rowCount, { timeout: 30_000 }).toBe(1);
      expect(await phaseNow()).toBe('aggregating');
      await server.kill();
      await holder.query('rollback');
      await server.start();
      const end = await untilRun(url, id, (v) => v.state === 'finished', 'the end', 60_000);
      expect(end.rounds.map((r) => [r.phase, r.updates])).toEqual([['committed', 6]]);
      expect(end.checkpoint.round).toBe(1);
      const { rows } = await holder.query(
        'select (select count(*)::int from checkpoints where run = $1 and round = 1) as models, count(shared)::int + count(released)::int as shares from sealings where run = $1',
        [id],
      );
      expect(rows).toEqual([{ models: 1, shares: 0 }]);
      await holder.end();
      for (const client of crew) client.drop();
    },
    120_000,
  );
});
