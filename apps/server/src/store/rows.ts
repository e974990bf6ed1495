import { type Phase, StrataError } from '@strata/fl-core/protocol';
import { and, desc, eq, inArray, notInArray, sql } from 'drizzle-orm';
import { checkpoints, clients, members, rounds, runs } from './schema.ts';
import type { Queryable } from './store.ts';

/** Rows as the rules read them, and the queries that several rooms share. Nothing here writes. */

export type RunRow = typeof runs.$inferSelect;
export type RoundRow = typeof rounds.$inferSelect;
export type MemberRow = typeof members.$inferSelect;
export type ClientRow = typeof clients.$inferSelect;
export type CheckpointRow = typeof checkpoints.$inferSelect;

type MemberKey = Pick<MemberRow, 'run' | 'round' | 'client'>;

export const isRound = ({ run, round }: Pick<RoundRow, 'run' | 'round'>) =>
  and(eq(rounds.run, run), eq(rounds.round, round));
export const isMember = ({ run, round, client }: MemberKey) =>
  and(eq(members.run, run), eq(members.round, round), eq(members.client, client));
export const isClient = (run: string, id: string) => and(eq(clients.run, run), eq(clients.id, id));

export const closedPhases: Phase[] = ['committed', 'abandoned'];

export async function findRun(db: Queryable, id: string): Promise<RunRow | null> {
  const [row] = await db.select().from(runs).where(eq(runs.id, id));
  return row ?? null;
}

/** Throws `unknown-run`. */
export async function getRun(db: Queryable, id: string): Promise<RunRow> {
  const row = await findRun(db, id);
  if (!row) {
    throw new StrataError('unknown-run', `There is no run ${id}.`, 'Check the join link with the operator.');
  }
  return row;
}

export async function findRound(db: Queryable, run: string, round: number): Promise<RoundRow | null> {
  const [row] = await db.select().from(rounds).where(isRound({ run, round }));
  return row ?? null;
}

/**
 * Reads a round inside a transaction and keeps others from changing it until the transaction ends. Throws
 * `unknown-round`.
 */
export async function lockRound(tx: Queryable, run: string, round: number): Promise<RoundRow> {
  const [row] = await tx.select().from(rounds).where(isRound({ run, round })).for('update');
  return row ?? noRound(run, round);
}

/** Throws `unknown-round`. */
export async function getRound(db: Queryable, run: string, round: number): Promise<RoundRow> {
  return (await findRound(db, run, round)) ?? noRound(run, round);
}

function noRound(run: string, round: number): never {
  throw new StrataError('unknown-round', `Run ${run} has no round ${round}.`, 'Look at the list of rounds.');
}

/** The round that is neither committed nor abandoned; a run has at most one. */
export async function openRound(db: Queryable, run: string): Promise<RoundRow | null> {
  const [row] = await db
    .select()
    .from(rounds)
    .where(and(eq(rounds.run, run), notInArray(rounds.phase, closedPhases)))
    .orderBy(desc(rounds.round))
    .limit(1);
  return row ?? null;
}

/** Rounds committed so far; abandoned ones do not count towards the run's end. */
export async function countCommitted(db: Queryable, run: string): Promise<number> {
  const [row] = await db
    .select({ n: sql<number>`count(*)::int` })
    .from(rounds)
    .where(and(eq(rounds.run, run), eq(rounds.phase, 'committed')));
  return row?.n ?? 0;
}

/** The cohort in client-id order. */
export async function listMembers(db: Queryable, run: string, round: number): Promise<MemberRow[]> {
  const rows = await db
    .select()
    .from(members)
    .where(and(eq(members.run, run), eq(members.round, round)));
  // Sorted here and not by the database, whose collation may differ: R7 wants one order everywhere.
  return rows.sort((a, b) => (a.client < b.client ? -1 : a.client > b.client ? 1 : 0));
}

export async function findMember(
  db: Queryable,
  run: string,
  round: number,
  client: string,
): Promise<MemberRow | null> {
  const [row] = await db.select().from(members).where(isMember({ run, round, client }));
  return row ?? null;
}

export async function findClient(db: Queryable, run: string, id: string): Promise<ClientRow | null> {
  const [row] = await db.select().from(clients).where(isClient(run, id));
  return row ?? null;
}

/** Throws `unknown-client`. */
export async function getClient(db: Queryable, run: string, id: string): Promise<ClientRow> {
  const client = await findClient(db, run, id);
  if (client) return client;
  throw new StrataError('unknown-client', `Run ${run} has no client ${id}.`, 'Connect again.');
}

export async function listClients(db: Queryable, run: string, ids: readonly string[]): Promise<ClientRow[]> {
  if (ids.length === 0) return [];
  return db
    .select()
    .from(clients)
    .where(and(eq(clients.run, run), inArray(clients.id, [...ids])));
}

/** Throws `internal` when the checkpoint is missing: every committed round has one (R8). */
export async function getCheckpoint(db: Queryable, run: string, round: number): Promise<CheckpointRow> {
  const [row] = await db
    .select()
    .from(checkpoints)
    .where(and(eq(checkpoints.run, run), eq(checkpoints.round, round)));
  if (!row) {
    throw new StrataError(
      'internal',
      `Run ${run} has no checkpoint of round ${round}.`,
      'The database is damaged; restore a backup.',
    );
  }
  return row;
}
