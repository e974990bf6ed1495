import { type Phase, type RunConfig, StrataError } from '@strata/fl-core/protocol';
import { isOver, isTimed } from '@strata/fl-core/rounds';
import { and, eq, sql } from 'drizzle-orm';
import { members, rounds } from '../store/schema.ts';
import { collectRound } from './collect.ts';
import type { Context, Queryable } from './context.ts';
import { logEvent } from './events.ts';
import { lockRound, type MemberRow, type RoundRow } from './rows.ts';

export const stoppedReason = 'stopped by the operator.';

/** Where a round stands; all that the workflow needs to know to go on. */
export interface RoundStatus {
  readonly phase: Phase;
  /** Milliseconds since the epoch; null outside the timed phases. */
  readonly deadline: number | null;
}

export const statusOf = (row: RoundRow): RoundStatus => ({
  phase: row.phase,
  deadline: row.deadline?.getTime() ?? null,
});

/** Reads and locks a round that must exist. Throws `unknown-round`. */
export async function lockExisting(tx: Queryable, run: string, round: number): Promise<RoundRow> {
  const row = await lockRound(tx, run, round);
  if (row) return row;
  throw new StrataError('unknown-round', `Run ${run} has no round ${round}.`, 'Look at the list of rounds.');
}

/** Begins `phase`; its deadline is stored as an absolute time (R2). */
export async function enterPhase(
  tx: Queryable,
  row: RoundRow,
  phase: Phase,
  config: RunConfig,
  more: Partial<RoundRow> = {},
): Promise<RoundRow> {
  const now = Date.now();
  const seconds = isTimed(phase) ? config.deadlines[phase] : null;
  return update(tx, row, {
    ...more,
    phase,
    deadline: seconds === null ? null : new Date(now + seconds * 1000),
    began: { ...row.began, [phase]: now },
    closedAt: isOver(phase) ? new Date(now) : null,
  });
}

/** Ends a round without a result: the model stays as it was (R2). */
export async function abandonRound(tx: Queryable, row: RoundRow, reason: string): Promise<RoundRow> {
  const now = Date.now();
  return update(tx, row, {
    phase: 'abandoned',
    deadline: null,
    reason,
    began: { ...row.began, abandoned: now },
    closedAt: new Date(now),
  });
}

async function update(tx: Queryable, row: RoundRow, values: Partial<RoundRow>): Promise<RoundRow> {
  const [updated] = await tx
    .update(rounds)
    .set(values)
    .where(and(eq(rounds.run, row.run), eq(rounds.round, row.round)))
    .returning();
  return updated ?? row;
}

/** Abandons a round, whatever its phase, unless it is over. */
export async function abandon(
  context: Context,
  run: string,
  round: number,
  reason: string,
): Promise<RoundStatus> {
  const { row, moved } = await context.db.transaction(async (tx) => {
    const row = await lockExisting(tx, run, round);
    if (isOver(row.phase)) return { row, moved: false };
    return { row: await abandonRound(tx, row, reason), moved: true };
  });
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
