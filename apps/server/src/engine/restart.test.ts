import { type ChildProcess, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type RunView, routes } from '@strata/fl-core/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Script, silent, TestClient } from '../testing/client.ts';
import { samplingFor } from '../testing/crew.ts';
import { freshDatabase, operatorOf, testConfig, untilRun, usedDataDir } from '../testing/server.ts';

const program = fileURLToPath(new URL('../testing/child.ts', import.meta.url));

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('kill -9 of the server', () => {
  let dataDir: string;
  let port: number;
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  let child: ChildProcess | null = null;
  const clients: TestClient[] = [];

  /** A server in a process of its own; resolves when it can be reached. */
  async function start(): Promise<void> {
    const args = [program, dataDir, String(port), ...(database ? [database.url] : [])];
    const server = spawn(process.execPath, ['--import', 'tsx', ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child = server;
    await new Promise<void>((resolve, reject) => {
      server.stdout?.on('data', (text: Buffer) => text.includes('serving') && resolve());
      server.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    });
  }

  async function kill(): Promise<void> {
    const server = child;
    child = null;
    if (server?.exitCode !== null) return;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await ended;
  }

  beforeAll(async () => {
    dataDir = await usedDataDir();
    port = await freePort();
    database = await freshDatabase();
  });
  afterAll(async () => {
    for (const client of clients) client.drop();
    await kill();
    await database?.drop();
    await rm(dataDir, { recursive: true, force: true });
  }, 60_000);

  it('in mid-round, twice: the run goes on from its last committed round, the clients come back by themselves', async () => {
    const url = `http://127.0.0.1:${port}`;
    await start();
    // Answers late enough that every phase can be caught in the middle.
    const slowly = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    // A start may take longer than a deadline on a busy machine; what happens then is R2's affair.
    const deadlines = { probing: 200, training: 200, evaluating: 200 };
    const config = testConfig({ rounds: 3, deadlines });
    const { id, joinKey: key } = await operatorOf(url).call(routes.createRun, { body: config });
    for (const name of ['c1', 'c2', 'c3']) {
      const script = {
        train: async (client: TestClient, work: { round: number } & Parameters<TestClient['delta']>[0]) => {
          await slowly(name === 'c3' ? 400 : 50);
          await client.upload(work.round, client.delta(work));
        },
      };
      clients.push(new TestClient({ url, run: id, key, id: name, config, script }));
    }
    await Promise.all(clients.map((c) => c.join()));
    await operatorOf(url).call(routes.commandRun, { params: { run: id }, body: { command: 'start' } });

    await untilRun(url, id, (v) => v.rounds[1]?.phase === 'training', 'training of round 2', 60_000);
    const before = await operatorOf(url).call(routes.run, { params: { run: id } });
    await kill();
    await start();
    const after = await operatorOf(url).call(routes.run, { params: { run: id } });
    expect(after.rounds[0]).toEqual(before.rounds[0]);
    expect(after.checkpoint.round).toBeGreaterThanOrEqual(1);

    await untilRun(url, id, (v) => v.rounds[2] !== undefined, 'round 3', 60_000);
    await kill();
    await start();
    const end = await untilRun(url, id, (v) => v.state === 'finished', 'the end', 60_000);
    expect(end.committed).toBe(3);
    expect(end.rounds.map((r) => r.phase)).toEqual(['committed', 'committed', 'committed']);
    expect(end.rounds.map((r) => r.updates)).toEqual([3, 3, 3]);
    expect(end.checkpoint.round).toBe(3);
  }, 240_000);

  it('R2: a deadline that the goal has moved holds', async () => {
    const url = `http://127.0.0.1:${port}`;
    if (child === null) await start();
    const ids = ['c1', 'c2', 'c3', 'c4', 'c5'];
    const config = testConfig({
      rounds: 2,
      // c5 leaves the first round, so that all four others are asked for the three updates of the second
      purpose: { kind: 'test', sampling: await samplingFor(ids, ['c1', 'c2', 'c5']) },
      cohort: { goal: 3, minimum: 3, quorum: 0.5, grace: { share: 0, seconds: 15 } },
      deadlines: { probing: 600, training: 600, evaluating: 600 },
    });
    const scripts: Record<string, Partial<Script>> = {
      c4: { train: silent },
      c5: { train: (client) => client.standing('leave') },
    };
    const { id, joinKey: key } = await operatorOf(url).call(routes.createRun, { body: config });
    const crew = ids.map((name) => {
      const script = scripts[name] ?? {};
      return new TestClient({ url, run: id, key, id: name, config, script, samples: 10 });
    });
    clients.push(...crew);
    await Promise.all(crew.map((c) => c.join()));
    await operatorOf(url).call(routes.commandRun, { params: { run: id }, body: { command: 'start' } });

    const moved = await untilRun(
      url,
      id,
      ({ rounds: [, second] }) =>
        second?.phase === 'training' && (second.deadline ?? 0) < second.openedAt + 300_000,
      'the goal of round 2',
      60_000,
    );
    await kill();
    await start();
    const end = await untilRun(url, id, (v) => v.state === 'finished', 'the end', 90_000);
    expect(end.rounds.map((r) => [r.phase, r.updates])).toEqual([
      ['committed', 2],
      ['committed', 3],
    ]);
    const [, second] = end.rounds;
    const closed = second!.openedAt + 1000 * (second!.seconds.probing + second!.seconds.training);
    expect(closed).toBeLessThan(moved.rounds[1]!.deadline! + 60_000); // by its first deadline ten minutes later
    for (const client of crew) client.drop();
  }, 240_000);

  it('with a server optimizer: the same bytes as without, so its state was there again', async () => {
    const url = `http://127.0.0.1:${port}`;
    if (child === null) await start();
    const config = testConfig({
      rounds: 3,
      seed: 21,
      deadlines: { probing: 200, training: 200, evaluating: 200 },
      aggregation: { rule: { name: 'median' }, optimizer: { name: 'fedadam' } },
    });
    /** Ends with the model's hashes; `disturb` sees the run while it goes on. */
    const run = async (disturb: (id: string) => Promise<void>): Promise<RunView['checkpoint']> => {
      const { id, joinKey: key } = await operatorOf(url).call(routes.createRun, { body: config });
      const crew = ['c1', 'c2', 'c3'].map((name) => {
        const script: Partial<Script> = {
          evaluate: async (client, { round }) => {
            await new Promise((resolve) => setTimeout(resolve, 400));
            await client.evaluated(round);
          },
        };
        return new TestClient({ url, run: id, key, id: name, config, script, samples: 10 });
      });
      clients.push(...crew);
      await Promise.all(crew.map((c) => c.join()));
      await operatorOf(url).call(routes.commandRun, { params: { run: id }, body: { command: 'start' } });
      await disturb(id);
      const end = await untilRun(url, id, (v) => v.state === 'finished', 'the end', 60_000);
      expect(end.rounds.map((r) => r.phase)).toEqual(['committed', 'committed', 'committed']);
      for (const client of crew) client.drop();
      return end.checkpoint;
    };
    const smooth = await run(async () => {});
    const disturbed = await run(async (id) => {
      // Its candidate and the optimizer's state are made and not committed.
      await untilRun(url, id, (v) => v.rounds[1]?.phase === 'evaluating', 'evaluating of round 2', 60_000);
      await kill();
      await start();
    });
    expect(disturbed).toEqual(smooth);
  }, 240_000);
});
