// @module-tag long
import { decodeSafetensors, type NamedTensor, type RunConfig, StrataError } from '@strata/fl-core/protocol';
import { layoutFor } from '@strata/fl-core/rounds';
import { sealedAggregation } from '@strata/fl-core/rounds/testing';
import { gridFor, mostWeight } from '@strata/fl-core/sealing';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rounds } from '../store/schema.ts';
import { honest, type Script, type TestClient } from '../testing/client.ts';
import { committed, startCrew } from '../testing/crew.ts';
import { TestServer } from '../testing/server.ts';

/** A sealed round of more participants than the other tests have, on a whole server: the sum is that of whole updates. */

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterAll(() => server.close(), 60_000);

const people = 24;
const lost = [3, 8, 15, 16, 22];

/** Says again what the server had no time to hear, as a session does: two dozen on one busy machine are many. */
async function patiently(say: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await say();
    } catch (error) {
      if (!(error instanceof StrataError && error.code === 'unavailable') || attempt === 8) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500 * attempt));
    }
  }
}

const patient: Partial<Script> = {
  train: (client, work) => patiently(() => honest.train(client, work)),
  seal: (client, work) => patiently(() => honest.seal(client, work)),
};

/** Goes away when it should send its masked words: by then it has shared its secrets. */
const lostBeforeUpload: Partial<Script> = {
  ...patient,
  seal: (client, work) =>
    patiently(async () => {
      if (work.kind === 'mask') await client.standing('leave');
      else await honest.seal(client, work);
    }),
};

/** What a client was to train, and its change of each layer: what it would have sent in the clear. */
function trainedBy(
  client: TestClient,
  config: RunConfig,
  layers: readonly string[],
): ReadonlyMap<string, Float64Array> {
  const work = client.history.find((w) => w.kind === 'train');
  if (work?.kind !== 'train') throw new Error(`${client.id} was not to train.`);
  const tensors = new Map(client.delta(work).map((t: NamedTensor) => [t.name, t.data]));
  const layout = layoutFor(config);
  return new Map(
    layers.flatMap((name) => {
      const layer = layout.layers.find((l) => l.name === name)!;
      if (!work.train.includes(name)) return [];
      return [[name, Float64Array.from(layer.tensors.flatMap((t) => [...tensors.get(t.name)!]))] as const];
    }),
  );
}

it('of 24, five of them lost between sharing and upload, is the mean of the others’ updates within two steps a value', async () => {
  const scripts = Array.from({ length: people }, (_, i) =>
    lost.includes(i + 1) ? lostBeforeUpload : patient,
  );
  const { id, config, clients } = await startCrew(server, scripts, {
    // everybody their own layers, in groups that can be opened though a tenth is lost
    strategy: { name: 'random' },
    budget: { kind: 'fixed', unit: 'layers', amount: 2 },
    cohort: { goal: people, minimum: people, quorum: 0.5, grace: { share: 0, seconds: 20 } },
    deadlines: { probing: 300, training: 300, evaluating: 300 },
    aggregation: { ...sealedAggregation, sealing: { ...sealedAggregation.sealing, seconds: 200 } },
    rounds: 1,
  });
  const before = (await server.view(id)).checkpoint.layers;
  const round = await committed(server, id, 1, 240_000);
  expect(clients.flatMap((c) => c.errors)).toEqual([]);
  expect([round.cohort, round.updates]).toEqual([people, people - lost.length]);
  const [row] = await server.store.db
    .select({ sealed: rounds.sealed })
    .from(rounds)
    .where(eq(rounds.run, id));
  const sealed = row!.sealed!;

  const names = layoutFor(config)
    .layers.filter((l) => l.role !== 'embed')
    .map((l) => l.name);
  const survivors = clients
    .map((client, i) => ({ client, number: i + 1 }))
    .filter(({ number }) => !lost.includes(number))
    // client i has 10 i samples, of which 640 would be the greatest weight, 64
    .map(({ client, number }) => ({ weight: number, own: trainedBy(client, config, names) }));
  const weightsOf = async (sha256: string) =>
    decodeSafetensors(await server.store.blobs.read(sha256)).tensors.flatMap((t) => [...t.data]);
  const step = 1 / gridFor(people, mostWeight, 0.1).scale;
  const groups = new Set<number>();
  let compared = 0;
  for (const name of names) {
    const mine = survivors.filter(({ own }) => own.has(name));
    const [old, now] = [
      await weightsOf(before[name]!.sha256),
      await weightsOf(round.checkpoint!.layers[name]!.sha256),
    ];
    const opened = sealed.layers[name];
    if (opened === undefined) {
      expect(mine.length).toBeLessThan(5);
      expect(now).toEqual(old);
      continue;
    }
    const weight = mine.reduce((sum, m) => sum + m.weight, 0);
    expect(opened, name).toEqual({ members: mine.length, weight, clamped: 0 });
    groups.add(mine.length);
    old.forEach((value, k) => {
      const mean = mine.reduce((sum, m) => sum + m.weight * m.own.get(name)![k]!, 0) / weight;
      // each member rounds by less than a step of its weighted value; the model is rounded to float32 once
      const room = 2 * step + 2 ** -23 * Math.max(1, Math.abs(value + mean));
      if (!(Math.abs(now[k]! - (value + mean)) < room))
        throw new Error(`${name}, value ${k}: ${now[k]} for ${value + mean}`);
      compared++;
    });
  }
  expect(compared).toBeGreaterThan(100);
  // the head by all, and blocks by groups of their own
  expect(groups.has(people - lost.length)).toBe(true);
  expect(groups.size).toBeGreaterThan(1);
}, 300_000);
