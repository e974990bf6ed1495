// @module-tag long
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkpoints } from '../store/schema.ts';
import type { Script } from '../testing/client.ts';
import { startCrew } from '../testing/crew.ts';
import { TestServer } from '../testing/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterAll(() => server.close(), 60_000);

/** Everybody measures the same in a round. */
const measures = (losses: readonly number[], accuracy = 0.5): Partial<Script> => ({
  evaluate: async (client, { round }) => {
    const loss = losses[round - 1] ?? 9;
    await client.channel.ask('evaluated', { round, loss, accuracy, samples: 4 });
    await client.ask();
  },
});

it('a run ends when its patience is over: finished, with the reason, and a line in its log', async () => {
  const crew = Array.from({ length: 3 }, () => measures([3, 2, 2.5, 2.2, 1]));
  const { id } = await startCrew(server, crew, { rounds: 9, stopping: { patience: 2 } });
  const view = await server.until(id, (v) => v.state === 'finished', 'the end');
  expect([view.committed, view.reason]).toEqual([4, expect.stringContaining('no lower than 2.000')]);
  const kinds = async () => (await server.events(id)).map(({ kind }) => kind);
  await expect.poll(kinds).toContain('run-ended-early');
}, 60_000);

it('kept are the models that the run wants kept, and no other’s files', async () => {
  const losses = [5, 1, 4, 4, 4, 4, 4, 4, 4, 4];
  const crew = Array.from({ length: 3 }, () => measures(losses));
  const { id } = await startCrew(server, crew, {
    rounds: 10,
    seed: 5,
    retention: { best: 1, every: 5 },
  });
  await server.until(id, (v) => v.state === 'finished', 'the end', 60_000);
  const rows = await server.store.db.select().from(checkpoints).where(eq(checkpoints.run, id));
  const there = async () => {
    const found: number[] = [];
    for (const { round, layers } of rows) {
      // The head changes in every round.
      if (await server.store.blobs.has(layers.head?.sha256 ?? '')) found.push(round);
    }
    return found.sort((a, b) => a - b);
  };
  expect(rows).toHaveLength(11);
  await expect.poll(there, { timeout: 10_000 }).toEqual([0, 2, 5, 8, 9, 10]);
}, 90_000);
