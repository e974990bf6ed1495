import { decodeSafetensors, encodeSafetensors, routes } from '@strata/fl-core/protocol';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Script } from '../testing/client.ts';
import { startCrew } from '../testing/crew.ts';
import { operatorToken, TestServer, testConfig } from '../testing/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterAll(() => server.close(), 60_000);

const privacy = { kind: 'sample', epsilon: 8, delta: 1e-5, clip: 1, noise: null } as const;
const usable = { strategy: { name: 'head-only' }, rounds: 3, privacy } as const satisfies Parameters<
  typeof testConfig
>[0];

/** A client that protects its samples: no loss, no figures, and what it says it has spent. */
const protecting = (epsilon: (round: number) => number | string): Partial<Script> => ({
  train: async (client, work) => {
    await client.upload(work.round, client.delta(work), {
      samples: String(client.samples),
      epsilon: String(epsilon(work.round)),
    });
  },
  evaluate: async (client, { round }) => {
    await client.channel.ask('evaluated', { round, loss: 0, accuracy: 0, samples: 0 });
    await client.ask();
  },
});

async function downloaded(path: string): Promise<Uint8Array> {
  const answer = await fetch(`${server.url}${path}`, {
    headers: { authorization: `Bearer ${operatorToken}` },
  });
  expect(answer.status).toBe(200);
  return new Uint8Array(await answer.arrayBuffer());
}

it('plays a run whose participants protect their samples, shows what each claims, and says whose claims they are', async () => {
  const { id } = await startCrew(
    server,
    [protecting((r) => r), protecting((r) => r + 0.5), protecting((r) => 2 * r)],
    { ...usable, purpose: { kind: 'test' } },
    [{ heldOut: 0 }, { heldOut: 0 }, { heldOut: 0 }],
  );
  const end = await server.until(id, (v) => v.state === 'finished', 'the end', 60_000);
  expect(end.rounds.map((r) => [r.phase, r.updates, r.trainLoss, r.loss, r.accuracy, r.epsilon])).toEqual(
    [1, 2, 3].map(() => ['committed', 3, null, null, null, null]),
  );
  const { members } = await server.round(id, 2);
  expect(members.map((m) => [m.client, m.epsilon, m.trainLoss])).toEqual([
    ['c1', 2, null],
    ['c2', 2.5, null],
    ['c3', 4, null],
  ]);
  expect(end.spent).toEqual({ epsilon: 6, models: 0, claimed: { participants: 3, least: 3 } });

  const folder = unzipSync(await downloaded(`/api/runs/${id}/model.zip`));
  const card = new TextDecoder().decode(folder['README.md']);
  expect(card).toContain('each participant bounds by itself what it sends');
  expect(card).toContain('3 participants claim to have spent ε from 3.00 to 6.00; nobody can check it');
  expect(card).toContain('hold nothing out and send no figures');
  const { metadata } = decodeSafetensors(await downloaded(`/api/runs/${id}/checkpoint.safetensors`));
  expect(JSON.parse(metadata.privacy!)).toEqual({ ...privacy, spent: end.spent });
  const sheet = await (await server.operator.bytes(routes.dataSheet, { params: { run: id } })).text();
  expect(sheet).toContain('noised on its device before they leave');
  expect(sheet).toContain('No losses, no accuracies, no scores of layers');
  expect(sheet).toContain('What is told of one sample: each participant bounds by itself');
}, 90_000);

it('bounds what is claimed, and goes on without a participant that leaves because it has spent its promise', async () => {
  const refused: unknown[] = [];
  const leaving: Partial<Script> = {
    ...protecting((r) => r),
    train: async (client, work) => {
      if (work.round === 1) return protecting((r) => r).train!(client, work);
      const message = 'What was promised of each sample is spent: an epsilon of 7.90 of 8.';
      await client.channel.ask('standing', {
        want: 'leave',
        why: { code: 'privacy-spent', message, hint: 'This device takes part no more.' },
      });
    },
  };
  const lying: Partial<Script> = {
    ...protecting((r) => r),
    train: async (client, work) => {
      for (const epsilon of [-1, 'NaN', '1e99']) {
        const metadata = { samples: '10', epsilon: String(epsilon) };
        await client
          .put(work.round, encodeSafetensors(client.delta(work), metadata))
          .catch((e) => refused.push(e));
      }
      await protecting((r) => r).train!(client, work);
    },
  };
  const { id } = await startCrew(
    server,
    [protecting((r) => r), lying, leaving],
    { ...usable, purpose: { kind: 'test' }, cohort: { goal: 3, minimum: 2 } },
    [{ heldOut: 0 }, { heldOut: 0 }, { heldOut: 0 }],
  );
  await server.until(id, (v) => v.state === 'finished', 'the end', 60_000);
  expect(refused.slice(0, 3)).toMatchObject([1, 2, 3].map(() => ({ code: 'bad-message' })));
  const told = await server.events(id);
  expect(told.some((e) => e.message.includes('is spent: an epsilon of 7.90 of 8'))).toBe(true);
  expect((await server.round(id, 3)).members.map((m) => m.client)).toEqual(['c1', 'c2']);
}, 90_000);

it('is refused where something else would be told of samples', async () => {
  const body = testConfig({ ...usable, strategy: { name: 'strata', lambda: 1 } });
  await expect(server.createRun(body)).rejects.toMatchObject({
    code: 'bad-config',
    message: expect.stringContaining('no noise is on the answers'),
  });
});
