import { epsilonOf } from '@strata/fl-core/privacy';
import { decodeSafetensors, routes } from '@strata/fl-core/protocol';
import { drawSecretly } from '@strata/fl-core/rounds';
import { eq } from 'drizzle-orm';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { members as membersTable, runs } from '../store/schema.ts';
import { startCrew } from '../testing/crew.ts';
import { operatorToken, TestServer, testConfig } from '../testing/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterAll(() => server.close(), 60_000);

const usable = {
  strategy: { name: 'head-only' },
  aggregation: { rule: { name: 'mean' } },
} as const satisfies Parameters<typeof testConfig>[0];

/** A download of the operator's. */
async function downloaded(path: string): Promise<Uint8Array> {
  const answer = await fetch(`${server.url}${path}`, {
    headers: { authorization: `Bearer ${operatorToken}` },
  });
  expect(answer.status).toBe(200);
  return new Uint8Array(await answer.arrayBuffer());
}

describe('a run under differential privacy', () => {
  it('shows what it spends round by round, stops before it would pass its epsilon, and says so in what is exported', async () => {
    const privacy = {
      kind: 'client',
      epsilon: 3.6,
      delta: 1e-2,
      clip: 1,
      quantile: 0.5,
      noise: 1.5,
      sampling: null,
      figures: { kind: 'noised', share: 0.1 },
    } as const;
    const { id, clients } = await startCrew(server, [{}, {}, {}], {
      ...usable,
      strategy: { name: 'gradient-norm' },
      rounds: 10,
      privacy,
    });
    const end = await server.until(id, (v) => v.state !== 'running', 'the end', 60_000);
    expect(end.state).toBe('stopped');
    expect(end.reason).toMatch(
      /^The privacy budget is spent: an epsilon of \d\.\d\d of 3\.6, and another round/,
    );
    expect(end.committed).toBeGreaterThan(1);
    expect(end.spent).toEqual({ epsilon: end.rounds.at(-1)!.epsilon, models: end.committed });
    // nobody's own scores choose, but the noised ones of all
    const { members } = await server.round(id, 1);
    expect(new Set(members.map((m) => m.mask?.join())).size).toBe(1);
    const spent = end.rounds.map((r) => r.epsilon!);
    expect(spent).toEqual(spent.toSorted((a, b) => a - b));
    expect(spent.at(-1)).toBeLessThanOrEqual(3.6);
    const told = await server.events(id);
    expect(told.filter((e) => e.kind === 'privacy-spent').map((e) => e.message)).toEqual([
      `The run has stopped. ${end.reason}`,
    ]);
    const newest = () => clients[0]!.history.at(-1);
    await expect.poll(newest, { timeout: 20_000 }).toMatchObject({ kind: 'over', message: end.reason });

    const folder = unzipSync(await downloaded(`/api/runs/${id}/model.zip`));
    const card = new TextDecoder().decode(folder['README.md']);
    expect(card).toContain(`(ε = ${end.spent!.epsilon.toFixed(2)}, δ = 0.01) differentially private`);
    const { metadata } = decodeSafetensors(await downloaded(`/api/runs/${id}/checkpoint.safetensors`));
    expect(JSON.parse(metadata.privacy!)).toEqual({ ...privacy, spent: end.spent });
    expect(end.config.privacy).toEqual(privacy);

    // The published accuracy has noise, and of a participant nothing is kept, shown or logged.
    for (const { accuracy, accuracyNoise, loss, trainLoss, medianAccuracy, e1, covered } of end.rounds) {
      expect(accuracy).toBeGreaterThanOrEqual(0);
      expect(accuracy).toBeLessThanOrEqual(1);
      expect(accuracyNoise).toBeCloseTo((1.5 * 3) / 3, 9);
      expect([loss, trainLoss, medianAccuracy, e1, covered]).toEqual([null, null, null, null, null]);
    }
    for (const { scores, trainLoss, evaluation } of members)
      expect([scores, trainLoss, evaluation]).toEqual([null, null, null]);
    const rows = await server.store.db.select().from(membersTable).where(eq(membersTable.run, id));
    for (const { trainLoss, evaluation } of rows) {
      expect(trainLoss).toBeNull();
      if (evaluation !== null) expect(evaluation).toEqual({ loss: 0, accuracy: 0, samples: 4 });
    }
    expect(told.map((e) => e.message).join()).not.toContain('as long as the clip');
    expect(card).toContain('with Gaussian noise of standard deviation 1.5000, which the bound above covers');
    expect(card).toContain('and the mean accuracies that were published of them, are together');
    expect(card).not.toContain('median participant');
    const sheet = await (await server.operator.bytes(routes.dataSheet, { params: { run: id } })).text();
    expect(sheet).toContain(
      'of which the mean over participants is published with noise and nothing else kept',
    );
  }, 120_000);

  it('asks nobody how models do where nothing is said of it, and takes no loss that is told all the same', async () => {
    const { id } = await startCrew(server, [{}, {}, {}], {
      ...usable,
      rounds: 2,
      privacy: { kind: 'client', epsilon: 50, delta: 1e-2, clip: 1, noise: 1.5 },
    });
    const end = await server.until(id, (v) => v.state === 'finished', 'the end', 60_000);
    expect(end.config.privacy).toMatchObject({ figures: { kind: 'withheld' } });
    for (const { accuracy, accuracyNoise, loss, trainLoss } of end.rounds)
      expect([accuracy, accuracyNoise, loss, trainLoss]).toEqual([null, null, null, null]);
    const rows = await server.store.db.select().from(membersTable).where(eq(membersTable.run, id));
    expect(rows).toHaveLength(6);
    for (const { trainLoss, evaluation } of rows)
      expect([trainLoss, evaluation]).toEqual([null, { loss: 0, accuracy: 0, samples: 0 }]);
    const folder = unzipSync(await downloaded(`/api/runs/${id}/model.zip`));
    expect(new TextDecoder().decode(folder['README.md'])).toContain('participants tell nobody in this run');
    const sheet = await (await server.operator.bytes(routes.dataSheet, { params: { run: id } })).text();
    expect(sheet).toContain('held-out samples; no losses and no accuracies');
  }, 90_000);

  it('draws cohorts in secret, one of nobody too, and tells not even afterwards what they were drawn with', async () => {
    const config = testConfig({
      ...usable,
      purpose: { kind: 'test' },
      rounds: 3,
      privacy: { kind: 'client', epsilon: 100, delta: 1e-2, clip: 1, noise: 1, sampling: 0.5 },
    });
    const { id: run } = await server.createRun(config);
    const ids = ['c1', 'c2', 'c3'];
    const drawn = (seed: string, round: number) => drawSecretly(ids, 0.5, seed, round);
    let seed = '';
    for (let i = 0; ; i++) {
      seed = `seed ${i}`;
      if ((await drawn(seed, 1)).size === 0 && (await drawn(seed, 2)).size === 2) break;
    }
    await server.store.db.update(runs).set({ sampling: seed }).where(eq(runs.id, run));
    await Promise.all(ids.map((id) => server.client({ run, id, config }).join()));
    await server.command(run, 'start');
    const end = await server.until(run, (v) => v.state === 'finished', 'the end', 60_000);
    expect(end.sampling).toBeNull();
    expect(end.rounds.map((r) => [r.phase, r.cohort, r.updates]).slice(0, 2)).toEqual([
      ['committed', 0, 0],
      ['committed', 2, 2],
    ]);
    for (const { round, epsilon } of end.rounds) {
      const { members, drawnFrom, checkpoint } = await server.round(run, round);
      expect(new Set(members.map((m) => m.client))).toEqual(await drawn(seed, round));
      expect(drawnFrom?.ready).toEqual(ids);
      const spent = epsilonOf([{ sampling: 0.5, noise: 1, rounds: round }], 1e-2);
      expect(epsilon).toBe(spent.epsilon);
      // Noise was added, by whomever it was trained.
      const before = await server.round(run, round - 1).catch(() => null);
      if (before) expect(checkpoint?.layers.head).not.toEqual(before.checkpoint?.layers.head);
    }
    const sheet = await (await server.operator.bytes(routes.dataSheet, { params: { run } })).text();
    expect(sheet).toContain('takes part in a round with probability 0.5, drawn in secret');
    expect(sheet).toContain('must not tell');
    expect(sheet).not.toContain('are wanted');
  }, 90_000);

  it('is refused where it could not be kept, with the reason and the remedy', async () => {
    const body = testConfig({
      strategy: { name: 'strata', lambda: 1 },
      aggregation: { rule: { name: 'median' } },
      privacy: { kind: 'client', epsilon: 8, delta: 1e-3, clip: 1 },
    });
    await expect(server.operator.call(routes.createRun, { body })).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringContaining('The rule median has no bound on what one participant changes'),
      hint: expect.stringContaining('{"name": "mean"}'),
    });
  });
});
