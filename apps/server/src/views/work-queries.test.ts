// @module-tag long
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Attendance } from '../live/presence.ts';
import { SealedPhases } from '../sealed/phases.ts';
import { Standings } from '../store/standings.ts';
import { silent } from '../testing/client.ts';
import { startCrew } from '../testing/crew.ts';
import { TestServer } from '../testing/server.ts';
import { Pasts, workFor, workForAll } from './work-queries.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterAll(() => server.close(), 60_000);

const ids = ['c1', 'c2', 'c3'];
const seen = (connected: Attendance['connected']) => ({
  db: server.store.db,
  presence: { connected, state: () => 'connected' as const, progress: () => null },
  sealedPhases: new SealedPhases(server.store),
  pasts: new Pasts(server.store),
  standings: new Standings(server.store),
});

it('finds the work of a member without looking at anybody else; a crowd that waits is counted once', async () => {
  const waits = { probe: silent, train: silent, evaluate: silent };
  const crew = await startCrew(server, [waits, waits, waits], { strategy: { name: 'full' } });
  await Promise.all(crew.clients.map((c) => c.until((w) => w.kind === 'train', 'training')));
  // With a thousand members that answer one after the other, looking at all of them each time took 14 s a phase.
  const alone = seen(() => {
    throw new Error('looked at everybody');
  });
  const each = await Promise.all(ids.map((id) => workFor(alone, crew.id, id)));
  expect(each.map((w) => w.kind)).toEqual(['train', 'train', 'train']);

  const all = await workForAll(
    seen(() => ids),
    crew.id,
  );
  const timeless = each.map((w) => ({ ...w, remainingMs: expect.any(Number) }));
  expect(ids.map((id) => all.get(id))).toEqual(timeless);

  await server.command(crew.id, 'stop');
  const later = await startCrew(server, [waits, waits, waits], {
    cohort: { goal: 5, minimum: 5, quorum: 1 },
  });
  let looked = 0;
  const counted = seen(() => {
    looked++;
    return ids;
  });
  const waiting = await Promise.all(ids.map((id) => workFor(counted, later.id, id)));
  expect(waiting).toMatchObject(ids.map(() => ({ kind: 'wait', reason: 'more-clients' })));
  expect(waiting[0]).toMatchObject({ message: expect.stringContaining('3 are now') });
  expect(looked).toBe(1);
});
