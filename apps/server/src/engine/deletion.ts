import { type DeletedRun, StrataError } from '@strata/fl-core/protocol';
import { isRunOver } from '@strata/fl-core/rounds';
import { eq, sql } from 'drizzle-orm';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import type { HasLimits } from '../limits.ts';
import type { HasBus } from '../live/bus.ts';
import type { SeesPresence } from '../live/presence.ts';
import { appendAudit } from '../store/audit-log.ts';
import type { HasBlobs } from '../store/blobs.ts';
import { getRun, openRound, type RunRow } from '../store/rows.ts';
import { checkpoints, clients, events, invitations, members, rounds, runs } from '../store/schema.ts';
import type { HasNaming } from '../store/shared-lock.ts';
import type { HasDb, Queryable } from '../store/store.ts';
import { forgetWorkflows } from './executions.ts';
import { hashesIn, usedAmong } from './garbage-collection.ts';
import type { HasLeases } from './leases.ts';

export type DeletePorts = HasDb &
  HasBlobs &
  HasNaming &
  HasBus &
  SeesPresence &
  HasLeases &
  HasLimits<'keptCheckpoints'>;

/**
 * Deletes a run with all that is kept of it: rows, workflows, and the files that no other run needs. What stays are its
 * entries in the audit log, which hold no figures of participants. `by` goes on record.
 * @throws {StrataError} `unknown-run`, `wrong-state` while it is under way.
 */
export async function deleteRun(ports: DeletePorts, id: string, by: string): Promise<DeletedRun> {
  const { db, blobs, naming, bus, presence } = ports;
  await checkDeletable(db, await getRun(db, id));
  if (!(await forgetWorkflows(ports, id))) throw stillEnding();
  // Nobody writes or names a file meanwhile: what is found unused is unused.
  const deleted = await naming.exclusive(async (stillMine) => {
    const hashes = await namedByRun(db, id);
    const rows = await deleteRows(db, id, by);
    const used = await usedAmong(ports, hashes);
    let [files, bytes] = [0, 0];
    for (const sha256 of hashes) {
      if (used.has(sha256) || !(await blobs.has(sha256))) continue;
      bytes += await blobs.size(sha256);
      await stillMine();
      await blobs.remove(sha256);
      files += 1;
    }
    return { ...rows, files, bytes };
  });
  const gone = new StrataError('unknown-run', 'This run was deleted.', 'There is nothing left to do here.');
  for (const client of presence.connected(id)) bus.dismissed(id, client, gone.toBody());
  bus.deleted(id);
  return deleted;
}

async function deleteRows(
  db: HasDb['db'],
  id: string,
  by: string,
): Promise<Omit<DeletedRun, 'files' | 'bytes'>> {
  return db.transaction(async (tx) => {
    const [run] = await tx.select().from(runs).where(eq(runs.id, id)).for('update');
    // Somebody may have started it, or deleted it, since.
    await checkDeletable(tx, run ?? (await getRun(tx, id)));
    const count = async (table: PgTable, run: PgColumn) => {
      const [row] = await tx.select({ n: sql<number>`count(*)::int` }).from(table).where(eq(run, id));
      return row?.n ?? 0;
    };
    const rows = {
      rounds: await count(rounds, rounds.run),
      answers: await count(members, members.run),
      participants: await count(clients, clients.run),
      invitations: await count(invitations, invitations.run),
      checkpoints: await count(checkpoints, checkpoints.run),
      events: await count(events, events.run),
    };
    await tx.delete(members).where(eq(members.run, id));
    await tx.delete(runs).where(eq(runs.id, id)); // and what refers to it
    const details = Object.fromEntries(Object.entries(rows).map(([what, n]) => [what, String(n)]));
    await appendAudit(tx, { who: by, kind: 'run-deleted', run: id, details });
    return rows;
  });
}

async function checkDeletable(db: Queryable, run: RunRow): Promise<void> {
  if (run.state !== 'draft' && !isRunOver(run)) {
    throw new StrataError('wrong-state', 'This run is under way.', 'Stop it first; that is for good, too.');
  }
  if ((await openRound(db, run.id)) !== null) throw stillEnding();
}

const stillEnding = (): StrataError =>
  new StrataError('wrong-state', 'The last round of this run is just ending.', 'Try again in a moment.');

/** All files that anything of a run names, whether they are still there or not. */
async function namedByRun(db: Queryable, id: string): Promise<Set<string>> {
  const run = await getRun(db, id);
  const models = await db
    .select({ layers: checkpoints.layers, optimizer: checkpoints.optimizer })
    .from(checkpoints)
    .where(eq(checkpoints.run, id));
  const candidates = await db
    .select({ candidate: rounds.candidate, optimizer: rounds.optimizer })
    .from(rounds)
    .where(eq(rounds.run, id));
  const updates = await db.select({ update: members.update }).from(members).where(eq(members.run, id));
  return new Set([
    ...Object.values(run.assets),
    ...models.flatMap(({ layers, optimizer }) => hashesIn([layers, optimizer])),
    ...candidates.flatMap(({ candidate, optimizer }) => hashesIn([candidate, optimizer])),
    ...updates.flatMap(({ update }) => (update === null ? [] : [update])),
  ]);
}
