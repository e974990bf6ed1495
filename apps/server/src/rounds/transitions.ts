import { StrataError } from '@strata/fl-core/protocol';
import {
  abandoning,
  type Change,
  type Commit,
  isOver,
  type MemberChange,
  type RoundFacts,
  type RoundStatus,
  statusOf,
} from '@strata/fl-core/rounds';
import { and, eq, sql } from 'drizzle-orm';
import { checkpoints, members, rounds, runs } from '../store/schema.ts';
import { collectRound } from './collect.ts';
import type { Context, Queryable } from './context.ts';
import { logEvent } from './events.ts';
import { countCommitted, getRun, listMembers, lockRound, type MemberRow, type RoundRow } from './rows.ts';

/** Reads and locks a round that must exist. Throws `unknown-round`. */
export async function lockExisting(tx: Queryable, run: string, round: number): Promise<RoundRow> {
  const row = await lockRound(tx, run, round);
  if (row) return row;
  throw new StrataError('unknown-round', `Run ${run} has no round ${round}.`, 'Look at the list of rounds.');
}

/**
 * Moves a round on by what `decide` says of it, in one transaction (R8). Idempotent where `decide` is: null leaves
 * the round as it is.
 */
export async function moveRound(
  context: Context,
  runId: string,
  number: number,
  decide: (facts: RoundFacts, tx: Queryable) => Change | null | Promise<Change | null>,
): Promise<{ readonly round: RoundRow; readonly moved: boolean }> {
  return context.db.transaction(async (tx) => {
    const round = await lockExisting(tx, runId, number);
    const change = await decide(await factsOf(tx, round), tx);
    return change ? { round: await record(tx, round, change), moved: true } : { round, moved: false };
  });
}

/** A round and all that the rules read to move it on. */
export async function factsOf(db: Queryable, round: RoundRow): Promise<RoundFacts> {
  return {
    run: await getRun(db, round.run),
    round,
    cohort: await listMembers(db, round.run, round.round),
    committed: await countCommitted(db, round.run),
  };
}

async function record(
  tx: Queryable,
  row: RoundRow,
  { round, members: changes, commit }: Change,
): Promise<RoundRow> {
  for (const [client, change] of changes) await changeMember(tx, { ...row, client }, change);
  if (commit) await recordCommit(tx, row, commit);
  const [updated] = await tx
    .update(rounds)
    .set(round)
    .where(and(eq(rounds.run, row.run), eq(rounds.round, row.round)))
    .returning();
  return updated ?? row;
}

async function recordCommit(
  tx: Queryable,
  { run, round }: RoundRow,
  { layers, optimizer, finished }: Commit,
): Promise<void> {
  await tx.insert(checkpoints).values({ run, round, layers, optimizer });
  const over = finished ? { state: 'finished' as const, endedAt: new Date() } : {};
  await tx
    .update(runs)
    .set({ committedRound: round, ...over })
    .where(eq(runs.id, run));
}

export async function changeMember(
  tx: Queryable,
  { run, round, client }: Pick<MemberRow, 'run' | 'round' | 'client'>,
  change: MemberChange,
): Promise<void> {
  await tx
    .update(members)
    .set(change)
    .where(and(eq(members.run, run), eq(members.round, round), eq(members.client, client)));
}

/** Abandons a round, whatever its phase, unless it is over. */
export async function abandon(
  context: Context,
  run: string,
  round: number,
  reason: string,
): Promise<RoundStatus> {
  const { round: row, moved } = await moveRound(context, run, round, (facts) =>
    isOver(facts.round.phase) ? null : abandoning(facts.round, reason, Date.now()),
  );
  if (moved) await announceAbandoned(context, row);
  return statusOf(row);
}

export async function announceAbandoned(context: Context, row: RoundRow): Promise<void> {
  await logEvent(context, row.run, {
    level: 'warning',
    kind: 'round-abandoned',
    round: row.round,
    message: `Round ${row.round} was abandoned: ${row.reason} The model stays as it was.`,
  });
  collectRound(context, row.run, row.round);
  context.bus.changed(row.run);
}

/** Writes the downloads counted in memory to the cohort's rows. */
export async function flushTraffic(
  context: Context,
  tx: Queryable,
  run: string,
  round: number,
  cohort: readonly MemberRow[],
): Promise<void> {
  const counted = context.traffic.take(
    run,
    cohort.map((m) => m.client),
  );
  for (const [client, bytes] of counted) {
    await tx
      .update(members)
      .set({ bytesDown: sql`${members.bytesDown} + ${bytes}` })
      .where(and(eq(members.run, run), eq(members.round, round), eq(members.client, client)));
  }
}
