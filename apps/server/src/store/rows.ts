import { bufferOf, type Phase, protectsClients, StrataError } from '@strata/fl-core/protocol';
import type { RoundPrivacy } from '@strata/fl-core/rounds/spending';
import type { SealedMember, SealedResult, SealingState } from '@strata/fl-core/rounds/types';
import { and, desc, eq, getTableColumns, isNotNull, notInArray, type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import { checkpoints, clients, members, rounds, runs, sealings } from './schema.ts';
import type { Queryable } from './store.ts';

/** Rows as the rules read them, and the queries that several rooms share. Nothing here writes. */

export type RunRow = typeof runs.$inferSelect;
export type RoundRow = typeof rounds.$inferSelect;
/** A member of a cohort; of what it has said in a sealed round, how far it is. */
export type MemberRow = typeof members.$inferSelect & { readonly sealing: SealingState | null };
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
  return (await findRun(db, id)) ?? unknownRun(id);
}

/** Throws `unknown-run`. */
export function unknownRun(id: string): never {
  throw new StrataError('unknown-run', `There is no run ${id}.`, 'Check the join link with the operator.');
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

/** The newest round, open or over. */
export async function newestRound(db: Queryable, run: string): Promise<RoundRow | null> {
  const [row] = await db
    .select()
    .from(rounds)
    .where(eq(rounds.run, run))
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

/** What was measured of the committed models of a run that may end early, oldest first; nothing of others. */
export async function listHeldOut(
  db: Queryable,
  { id, config: { stopping } }: Pick<RunRow, 'id' | 'config'>,
): Promise<{ readonly loss: number; readonly accuracy: number }[]> {
  if (stopping.patience === null) return [];
  const rows = await db
    .select({ heldOut: rounds.heldOut })
    .from(rounds)
    .where(and(eq(rounds.run, id), eq(rounds.phase, 'committed')))
    .orderBy(rounds.round);
  return rows.flatMap(({ heldOut }) => heldOut ?? []);
}

/** What rounds of a run have released with noise, oldest first, all or all but one; none without differential privacy. */
export async function listReleased(
  db: Queryable,
  { id, config }: Pick<RunRow, 'id' | 'config'>,
  but: number | null = null,
): Promise<RoundPrivacy[]> {
  if (!protectsClients(config.privacy)) return [];
  const rows = await db
    .select({ round: rounds.round, privacy: rounds.privacy })
    .from(rounds)
    .where(and(eq(rounds.run, id), isNotNull(rounds.privacy)))
    .orderBy(rounds.round);
  return rows.flatMap(({ round, privacy }) => (round === but ? [] : (privacy ?? [])));
}

/** The cohort in client-id order. */
export async function listMembers(db: Queryable, run: string, round: number): Promise<MemberRow[]> {
  const rows = await selectMembers(db).where(and(eq(members.run, run), eq(members.round, round)));
  return rows.sort(byClient);
}

const selectMembers = (db: Queryable) =>
  db
    .select({ ...getTableColumns(members), sealing: sealingState })
    .from(members)
    .leftJoin(sealings, sealingOfMember);

/** The places of some clients in a round, in no order; of those that have none, none. */
export async function listPlaces(
  db: Queryable,
  run: string,
  round: number,
  ids: readonly string[],
): Promise<MemberRow[]> {
  if (ids.length === 0) return [];
  return selectMembers(db).where(
    and(eq(members.run, run), eq(members.round, round), oneOf(members.client, ids)),
  );
}

/** What work and verdicts look at of a member. */
export type PlaceFacts = Pick<
  MemberRow,
  'client' | 'scores' | 'mask' | 'update' | 'evaluation' | 'left' | 'missed' | 'late' | 'given' | 'sealing'
>;

/**
 * A cohort in no order, for who looks at all of it again and again; of scores, which may be many, only whether there are
 * any.
 */
export function listFacts(db: Queryable, run: string, round: number): Promise<PlaceFacts[]> {
  const { client, mask, update, evaluation, left, missed, late, given } = members;
  const scores = sql<MemberRow['scores']>`case when ${members.scores} is null then null else '{}'::jsonb end`;
  return db
    .select({ client, scores, mask, update, evaluation, left, missed, late, given, sealing: sealingState })
    .from(members)
    .leftJoin(sealings, sealingOfMember)
    .where(and(eq(members.run, run), eq(members.round, round)));
}

/** What a member has said in its exchange, without what it said: envelopes and shares may be a hundred kilobytes. */
export const sealingState = sql<SealingState | null>`case when ${sealings.client} is null then null
  else jsonb_build_object('ready', true,
    'shared', case when ${sealings.shared} is null then null else true end,
    'released', case when ${sealings.released} is null then null else true end) end`;

export const sealingOfMember = and(
  eq(sealings.run, members.run),
  eq(sealings.round, members.round),
  eq(sealings.client, members.client),
);

/** The cohort of a sealed round with all that it has said, in client-id order. */
export async function listSealedMembers(db: Queryable, run: string, round: number): Promise<SealedMember[]> {
  const rows = await db
    .select({ member: members, sealing: sealings })
    .from(members)
    .leftJoin(sealings, sealingOfMember)
    .where(and(eq(members.run, run), eq(members.round, round)));
  return rows.map(({ member, sealing }) => ({ ...member, sealing })).sort(byClient);
}

/** What came of the newest committed sealed round of a run; null where none was. */
export async function newestSealed(db: Queryable, run: RunRow): Promise<SealedResult | null> {
  if (run.config.aggregation.sealing.kind === 'open' || run.committedRound === 0) return null;
  return (await findRound(db, run.id, run.committedRound))?.sealed ?? null;
}

/** Sorted here and not by the database, whose collation may differ: R7 wants one order everywhere. */
const byClient = (a: { readonly client: string }, b: { readonly client: string }): number =>
  a.client < b.client ? -1 : a.client > b.client ? 1 : 0;

export async function findMember(
  db: Queryable,
  run: string,
  round: number,
  client: string,
): Promise<MemberRow | null> {
  const [row] = await selectMembers(db).where(isMember({ run, round, client }));
  return row ?? null;
}

export async function findClient(db: Queryable, run: string, id: string): Promise<ClientRow | null> {
  const [row] = await db.select().from(clients).where(isClient(run, id));
  return row ?? null;
}

/** Throws `unknown-client`. */
export async function getClient(db: Queryable, run: string, id: string): Promise<ClientRow> {
  return (await findClient(db, run, id)) ?? unknownClient(run, id);
}

/** Throws `unknown-client`. */
export function unknownClient(run: string, id: string): never {
  throw new StrataError('unknown-client', `Run ${run} has no client ${id}.`, 'Connect again.');
}

export async function listClients(db: Queryable, run: string, ids: readonly string[]): Promise<ClientRow[]> {
  if (ids.length === 0) return [];
  return db
    .select()
    .from(clients)
    .where(and(eq(clients.run, run), oneOf(clients.id, ids)));
}

/** As drizzle's `inArray`, by one parameter: of a thousand ids the database would parse a thousand. */
export const oneOf = (column: PgColumn, ids: readonly string[]): SQL =>
  sql`${column} = any(${sql.param([...ids])}::text[])`;

/** The newest models of a buffered run that a member may still be at work on, oldest first; of other runs none. */
export async function earlierModels(
  db: Queryable,
  { id, config }: Pick<RunRow, 'id' | 'config'>,
): Promise<Pick<CheckpointRow, 'round' | 'layers'>[]> {
  const buffer = bufferOf(config);
  if (buffer === null) return [];
  const newest = await db
    .select({ round: checkpoints.round, layers: checkpoints.layers })
    .from(checkpoints)
    .where(eq(checkpoints.run, id))
    .orderBy(desc(checkpoints.round))
    .limit(buffer.staleness + 1);
  return newest.reverse();
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
