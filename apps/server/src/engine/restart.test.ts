// @module-tag long
import { type RunView, routes } from '@strata/fl-core/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Script, silent, TestClient } from '../testing/client.ts';
import { Gate, samplingFor } from '../testing/crew.ts';
import { operatorOf, testConfig, untilRun } from '../testing/server.ts';
import { ServerProcess } from '../testing/server-process.ts';

describe('kill -9 of the server', () => {
  let server: ServerProcess;
  const clients: TestClient[] = [];
  beforeAll(async () => {
    server = await ServerProcess.place();
  });
  afterAll(async () => {
    for (const client of clients) client.drop();
    await server.remove();
  }, 60_000);

  it('in mid-round, twice: the run goes on from its last committed round, the clients come back by themselves', async () => {
    const { url } = server;
    await server.start();
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
    await server.kill();
    await server.start();
    const after = await operatorOf(url).call(routes.run, { params: { run: id } });
    expect(after.rounds[0]).toEqual(before.rounds[0]);
    expect(after.checkpoint.round).toBeGreaterThanOrEqual(1);

    await untilRun(url, id, (v) => v.rounds[2] !== undefined, 'round 3', 60_000);
    await server.kill();
    await server.start();
    const end = await untilRun(url, id, (v) => v.state === 'finished', 'the end', 60_000);
    expect(end.committed).toBe(3);
    expect(end.rounds.map((r) => r.phase)).toEqual(['committed', 'committed', 'committed']);
    expect(end.rounds.map((r) => r.updates)).toEqual([3, 3, 3]);
    expect(end.checkpoint.round).toBe(3);
  }, 240_000);

  it('a noised model that was sent to be evaluated is the one that is committed, and is accounted once', async () => {
    const { url } = server;
    if (!server.runs) await server.start();
    const config = testConfig({
      rounds: 2,
      deadlines: { probing: 600, training: 600, evaluating: 600 },
      strategy: { name: 'head-only' },
      aggregation: { rule: { name: 'mean' } },
      privacy: {
        kind: 'client',
        ...{ epsilon: 8, delta: 1e-3, clip: 1 },
        figures: { kind: 'noised' },
      },
    });
    const { id, joinKey: key } = await operatorOf(url).call(routes.createRun, { body: config });
    // Nobody answers an evaluation until the server has been killed.
    const gate = new Gate();
    const evaluate: Script['evaluate'] = async (client, { checkpoint: { round } }) => {
      await gate.opened;
      await client.evaluated(round);
    };
    const crew = ['p1', 'p2', 'p3'].map((name) => {
      const client = new TestClient({ url, run: id, key, id: name, config, script: { evaluate } });
      clients.push(client);
      return client;
    });
    await Promise.all(crew.map((c) => c.join()));
    await operatorOf(url).call(routes.commandRun, { params: { run: id }, body: { command: 'start' } });
    const sentTo = (client: TestClient) =>
      client.history.flatMap((w) =>
        w.kind === 'evaluate' && w.checkpoint.round === 1 ? [w.checkpoint] : [],
      );
    await untilRun(url, id, (v) => v.rounds[0]?.phase === 'evaluating', 'the evaluation', 60_000);
    while (sentTo(crew[0]!).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const [sent] = sentTo(crew[0]!);
    const before = await operatorOf(url).call(routes.run, { params: { run: id } });
    expect(before.spent).toMatchObject({ models: 1 });
    await server.kill();
    await server.start();
    while (!crew.every((c) => c.connected)) await new Promise((resolve) => setTimeout(resolve, 20));
    gate.open();
    await untilRun(url, id, (v) => v.committed >= 1, 'the commit', 60_000);
    const { checkpoint, epsilon } = await operatorOf(url).call(routes.round, {
      params: { run: id, round: 1 },
    });
    expect(checkpoint).toEqual(sent);
    expect(epsilon).toBe(before.spent?.epsilon);
    const end = await untilRun(url, id, (v) => v.state === 'finished', 'the end', 60_000);
    expect(end.spent?.models).toBe(2);
    expect(end.spent?.epsilon).toBeLessThanOrEqual(8);
  }, 240_000);

  it('R2: a deadline that the goal has moved holds', async () => {
    const { url } = server;
    if (!server.runs) await server.start();
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
    await server.kill();
    await server.start();
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
    const { url } = server;
    if (!server.runs) await server.start();
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
      await server.kill();
      await server.start();
    });
    expect(disturbed).toEqual(smooth);
  }, 240_000);
});
