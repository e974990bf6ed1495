import type { Phase, RunConfig } from '@strata/fl-core/protocol';
import { isOver, layoutFor } from '@strata/fl-core/rounds';
import { answerAll, hello, memoryRun } from '@strata/fl-core/rounds/testing';
import { asc, eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rounds } from '../store/schema.ts';
import type { Script } from '../testing/client.ts';
import { startCrew } from '../testing/crew.ts';
import { TestServer, type testConfig } from '../testing/server.ts';

/**
 * The two places that play a round: the server's, over its database, its workflow engine and the wire, and fl-core's
 * in memory. The same clients give the same phases, masks, scores, diagnostics and bytes in both.
 */

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterAll(() => server.close(), 60_000);

interface Told {
  readonly phases: Phase[];
  readonly reason: string;
  readonly masks: unknown;
  readonly e1: number | null;
  readonly e2: number | null;
  readonly layers: unknown;
}

const inOrder = (began: Partial<Record<Phase, number>>): Phase[] =>
  (
    ['probing', 'selecting', 'training', 'aggregating', 'evaluating', 'committed', 'abandoned'] as const
  ).filter((p) => began[p] !== undefined);

/** Three clients; those named in `leaving` leave when they are asked to train in the second round. */
async function onServer(
  more: Parameters<typeof testConfig>[0],
  leaving: readonly string[],
): Promise<{ told: Told[]; config: RunConfig }> {
  const train: Script['train'] = async (client, work) => {
    if (work.round === 2 && leaving.includes(client.id)) return client.standing('leave');
    await client.upload(work.round, client.delta(work), client.said(work));
  };
  const { id, config } = await startCrew(server, [{ train }, { train }, { train }], more);
  await server.until(
    id,
    (v) => v.rounds.length >= 2 && isOver(v.rounds[1]!.phase),
    'two rounds that are over',
  );
  const rows = await server.store.db
    .select()
    .from(rounds)
    .where(eq(rounds.run, id))
    .orderBy(asc(rounds.round));
  const told: Told[] = [];
  for (const { round, began, reason, e1, e2 } of rows.slice(0, 2)) {
    const { members, checkpoint } = await server.round(id, round);
    const masks = members.map((m) => [m.client, m.mask, m.scores, m.trainLoss]);
    told.push({ phases: inOrder(began), reason, masks, e1, e2, layers: checkpoint?.layers ?? null });
  }
  return { told, config };
}

async function inMemory(config: RunConfig, leaving: readonly string[]): Promise<Told[]> {
  const run = await memoryRun({ config });
  const ids = ['c1', 'c2', 'c3'];
  for (const id of ids) await run.hello(id, hello(id));
  await run.command('start');
  await answerAll(run, ids, () => run.book.openRound?.round === 2 && run.book.openRound.phase === 'training');
  for (const id of leaving) await run.leave(id);
  const stayed = ids.filter((id) => !leaving.includes(id));
  await answerAll(run, stayed, () => (run.book.openRound?.round ?? 3) > 2);
  return [1, 2].map((number) => {
    const { began, reason, e1, e2 } = run.book.round(number);
    const masks = run.book.cohort(number).map((m) => [m.client, m.mask, m.scores, m.trainLoss]);
    const layers = run.book.checkpoints.get(number)?.layers ?? null;
    return { phases: inOrder(began), reason, masks, e1, e2, layers };
  });
}

describe('a run on the server and in memory', () => {
  it.each([
    ['everybody stays', {}, []],
    ['one leaves in training; masks stay for two rounds', { selection: { every: 2 } }, ['c3']],
    [
      'no probe, momentum on the server',
      { strategy: { name: 'top' }, aggregation: { optimizer: { name: 'fedadam' } } },
      [],
    ],
    ['all leave in training: abandoned', {}, ['c1', 'c2', 'c3']],
    ['what nobody trains moves on by its last change', { strategy: { name: 'fedluar' } }, []],
    ['the head is warmed up in the first round', { local: { head: { warmUp: { rounds: 1 } } } }, []],
    [
      'the head is computed in the first two rounds',
      { local: { head: { warmUp: { kind: 'closed-form', rounds: 2 } } } },
      [],
    ],
    [
      'smoothed scores, a strategy that remembers',
      { strategy: { name: 'adagrad-select' }, selection: { smoothing: 0.5 } },
      ['c1'],
    ],
  ] as const satisfies [string, Parameters<typeof testConfig>[0], readonly string[]][])(
    'is the same: %s',
    async (_what, more, leaving) => {
      const { told, config } = await onServer(more, leaving);
      expect(told).toHaveLength(2);
      if (leaving.length < 3)
        expect(Object.keys(told[1]!.layers ?? {})).toHaveLength(layoutFor(config).layers.length);
      expect(await inMemory(config, leaving)).toEqual(told);
    },
  );
});
