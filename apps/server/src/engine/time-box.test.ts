// @module-tag long
import { setTimeout as sleep } from 'node:timers/promises';
import { initialLayer, specOf } from '@strata/fl-core/models/layouts';
import { decodeSafetensors } from '@strata/fl-core/protocol';
import { layoutFor } from '@strata/fl-core/rounds';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Script } from '../testing/client.ts';
import { committed, startCrew } from '../testing/crew.ts';
import { TestServer } from '../testing/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterEach(() => server.dropClients());
afterAll(() => server.close(), 60_000);

/** All values of the head are to change by so much. */
const upload = async (
  client: Parameters<Script['train']>[0],
  work: Parameters<Script['train']>[1],
  value: number,
  steps: number,
) => {
  const tensors = client.delta(work).map((t) => ({ ...t, data: t.data.map(() => value) }));
  await client.upload(work.round, tensors, {
    samples: String(client.samples),
    loss: '1',
    steps: String(steps),
  });
};

it('a device that is slow sends what it has done before training closes, and that weighs as its share of all', async () => {
  let done = 0;
  const slow: Script['train'] = async (client, work) => {
    if (work.box === null) throw new Error('The round is not time-boxed.');
    const stop = performance.now() + work.box.stopMs;
    while (performance.now() < stop) {
      await sleep(100); // a step
      done += 1;
    }
    await upload(client, work, 5, done);
  };
  const quick: Script['train'] = (client, work) => upload(client, work, 0, 1e9);
  const { id, config } = await startCrew(
    server,
    [{ train: slow }, { train: quick }, { train: quick }],
    {
      rounds: 1,
      strategy: { name: 'head-only' },
      aggregation: { rule: { name: 'mean' }, weightCap: null },
      deadlines: { probing: 20, training: 23, evaluating: 20 },
      local: { timeBox: 20, batchSize: 1, epochs: 60 },
    },
    [{ samples: 10 }, { samples: 20 }, { samples: 30 }],
  );
  const round = await committed(server, id, 1, 60_000);
  expect(round.updates).toBe(3);
  // 3 s of steps that take 100 ms or more.
  expect(done).toBeGreaterThan(0);
  expect(done).toBeLessThan(600);
  expect(round.members.map((m) => m.steps)).toEqual([
    { done, asked: 600 },
    { done: 1200, asked: 1200 },
    { done: 1800, asked: 1800 },
  ]);
  const weight = 10 * (done / 600);
  const before = initialLayer(specOf(config), layoutFor(config), 'head', config.seed);
  const after = decodeSafetensors(
    await server.store.blobs.read(round.checkpoint?.layers.head?.sha256 ?? ''),
  ).tensors;
  for (const [i, tensor] of after.entries())
    for (const [k, value] of tensor.data.entries())
      expect(value - before[i]!.data[k]!).toBeCloseTo((5 * weight) / (weight + 50), 5);
  const said = (await server.events(id)).filter((e) => e.kind === 'parts-sent').map((e) => e.message);
  expect(said).toEqual([expect.stringContaining(`c1 sent ${done} of 600 steps.`)]);
}, 120_000);
