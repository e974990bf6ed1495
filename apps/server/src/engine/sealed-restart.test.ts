// @module-tag long
import { type Phase, routes } from '@strata/fl-core/protocol';
import { sealedAggregation } from '@strata/fl-core/rounds/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { honest, type Script, TestClient, type WorkOf } from '../testing/client.ts';
import { Gate } from '../testing/crew.ts';
import { operatorOf, testConfig, untilRun } from '../testing/server.ts';
import { ServerProcess } from '../testing/server-process.ts';

const kindOf = { sealing: 'share', uploading: 'mask', unmasking: 'release' } as const;

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
      const config = testConfig({
        rounds: 1,
        strategy: { name: 'head-only' },
        cohort: { goal: 6, minimum: 6, quorum: 1 },
        deadlines: { probing: 600, training: 600, evaluating: 600 },
        aggregation: {
          ...sealedAggregation,
          sealing: { ...sealedAggregation.sealing, seconds: 600 },
        },
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
});
