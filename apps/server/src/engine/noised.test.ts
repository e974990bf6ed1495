// @module-tag long
import { decodeSafetensors, routes } from '@strata/fl-core/protocol';
import { distributedEpsilon } from '@strata/fl-core/rounds';
import { sealedAggregation } from '@strata/fl-core/rounds/testing';
import { eq } from 'drizzle-orm';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { members } from '../store/schema.ts';
import { honest, type Script } from '../testing/client.ts';
import { committed, startCrew } from '../testing/crew.ts';
import { operatorToken, TestServer, testConfig } from '../testing/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterAll(() => server.close(), 60_000);

const privacy = {
  kind: 'distributed',
  epsilon: 4,
  delta: 1e-2,
  clip: 1,
  noise: 2,
  colluding: 1,
} as const;

const sealed = {
  strategy: { name: 'head-only' },
  budget: { kind: 'fixed', unit: 'layers', amount: 1 },
  cohort: { goal: 8, minimum: 8, quorum: 0.5, grace: { share: 0, seconds: 1 } },
  aggregation: sealedAggregation,
} as const satisfies Parameters<typeof testConfig>[0];

/** Goes away when it should send its masked words: by then it has shared its secrets. */
const lostBeforeUpload: Partial<Script> = {
  seal: async (client, work) => {
    if (work.kind === 'mask') await client.standing('leave');
    else await honest.seal(client, work);
  },
};

const bytesOf = async (path: string): Promise<Uint8Array> => {
  const answer = await fetch(`${server.url}${path}`, {
    headers: { authorization: `Bearer ${operatorToken}` },
  });
  expect(answer.status).toBe(200);
  return new Uint8Array(await answer.arrayBuffer());
};

describe('a sealed run whose participants add the noise', () => {
  it('stops before it would pass its epsilon, shows no figure of anybody, and says so in what is exported', async () => {
    const { id, clients, config } = await startCrew(server, Array(8).fill({}), {
      ...sealed,
      rounds: 10,
      privacy,
    });
    // What a client of before would say while it trains.
    const [talkative] = clients;
    await talkative!.channel.ask('progress', { round: 1, activity: 'training', fraction: 0.5, loss: 2.3 });
    const shown = (await server.view(id)).clients.map((c) => c.progress);
    expect(shown).toContainEqual({ round: 1, activity: 'training', fraction: 0.5 });
    const end = await server.until(id, (v) => v.state !== 'running', 'the end', 90_000);
    expect(clients.flatMap((c) => c.errors)).toEqual([]);
    expect(end.state).toBe('stopped');
    expect(end.reason).toMatch(
      /^The privacy budget is spent: an epsilon of \d\.\d\d of 4, and another round would come to [45]\.\d\d\.$/,
    );
    expect(end.committed).toBeGreaterThan(1);
    const spent = end.rounds.map((r) => r.epsilon);
    expect(spent).toEqual(end.rounds.map((_, i) => distributedEpsilon(config, privacy, i + 1)));
    expect(end.spent).toEqual({ epsilon: spent.at(-1), models: end.committed });
    expect(distributedEpsilon(config, privacy, end.committed + 1)).toBeGreaterThan(4);
    for (const { loss, accuracy, trainLoss, importance } of end.rounds)
      expect([loss, accuracy, trainLoss, Object.keys(importance)]).toEqual([null, null, null, []]);
    const rows = await server.store.db.select().from(members).where(eq(members.run, id));
    for (const { scores, trainLoss, evaluation, claimed } of rows)
      expect([scores, trainLoss, evaluation, claimed]).toEqual([null, null, null, null]);

    // the models are noise of four participants' z S in sums of eight: far longer than what was trained
    const weights = async (round: number) => {
      const { checkpoint } = await server.round(id, round);
      const blob = await server.store.blobs.read(checkpoint!.layers.head!.sha256);
      return decodeSafetensors(blob).tensors.flatMap((t) => [...t.data]);
    };
    // of others than the newest the weights are gone
    const [first, second] = [await weights(end.committed - 1), await weights(end.committed)];
    const variance = first.reduce((sum, v, k) => sum + (second[k]! - v) ** 2, 0) / first.length;
    const expected = (2 ** 2 * 8) / 4 / 8 ** 2;
    expect(variance / expected).toBeGreaterThan(0.5);
    expect(variance / expected).toBeLessThan(2);

    const card = new TextDecoder().decode(unzipSync(await bytesOf(`/api/runs/${id}/model.zip`))['README.md']);
    expect(card).toContain(`(ε = ${end.spent!.epsilon.toFixed(2)}, δ = 0.01) differentially private`);
    expect(card).toContain('no more than 1 of the participants of a sum give their part of the noise away');
    expect(card).toContain('losses and accuracies stayed on the devices');
    const sheet = await (await server.operator.bytes(routes.dataSheet, { params: { run: id } })).text();
    expect(sheet).toContain('sealed, and noised before that');
  }, 120_000);

  it('commits with two of eight lost between sharing and upload, and counts the round', async () => {
    const scripts = Array.from({ length: 8 }, (_, i) => (i < 2 ? lostBeforeUpload : {}));
    const { id, config } = await startCrew(server, scripts, { ...sealed, rounds: 1, privacy });
    const round = await committed(server, id, 1);
    expect(round.updates).toBe(6);
    const view = await server.view(id);
    expect(view.spent).toEqual({ epsilon: distributedEpsilon(config, privacy, 1), models: 1 });
  }, 60_000);

  it('is refused where it could not be kept, with the reason and the remedy', async () => {
    const body = testConfig({ ...sealed, aggregation: { rule: { name: 'mean' } }, privacy });
    await expect(server.operator.call(routes.createRun, { body })).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringContaining('this run shows the server each update'),
      hint: expect.stringContaining('Set aggregation.sealing to sealed'),
    });
  });
});
