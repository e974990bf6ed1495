import {
  cohortOf,
  type NextRound,
  nextRound,
  opening,
  type PastRound,
  type Turnout,
  turnoutWindow,
} from '@strata/fl-core/rounds';
import { and, desc, eq, inArray, sql } from 'drizzle-orm';
import { members, rounds } from '../store/schema.ts';
import type { Context, Queryable } from './context.ts';
import { logEvent } from './events.ts';
import { readyClients } from './ready-clients.ts';
import { closedPhases, countCommitted, getRun, openRound } from './rows.ts';
import { measuredRounds } from './selection/budgets.ts';

/**
 * Opens the run's next round if it may (R1, R10, R11, R12): the cohort is fixed, probing or selecting begins.
 * Idempotent: a round that is open already is the answer.
 */
export async function openNextRound(context: Context, runId: string): Promise<NextRound> {
  const { db } = context;
  context.woken.delete(runId); // what happens from here on may wake the run again
  const run = await getRun(db, runId);
  const open = await openRound(db, runId);
  const past = await recentRounds(db, runId);
  const ready = await readyClients(context, runId);
  const next = nextRound(run, open, past, ready.length, Date.now());
  if (next.kind !== 'round' || open) return next;

  const cohort = cohortOf(run, next.round, ready, await turnout(db, runId, past));
  const measured = await measuredRounds(db, run, next.round, cohort);
  const committed = await countCommitted(db, runId);
  const { round, members: chosen } = opening(run, next.round, cohort, committed, measured, Date.now());
  await db.transaction(async (tx) => {
    await tx.insert(rounds).values(round);
    await tx.insert(members).values([...chosen]);
  });
  await logEvent(context, runId, {
    kind: 'round-opened',
    round: next.round,
    message: `Round ${next.round} opened with ${chosen.length} of ${ready.length} ready clients.`,
  });
  context.bus.changed(runId);
  return next;
}

/** The newest rounds, newest first. */
function recentRounds(db: Queryable, run: string): Promise<PastRound[]> {
  return db
    .select({
      round: rounds.round,
      phase: rounds.phase,
      closedAt: rounds.closedAt,
    })
    .from(rounds)
    .where(and(eq(rounds.run, run), inArray(rounds.phase, closedPhases)))
    .orderBy(desc(rounds.round))
    .limit(turnoutWindow);
}

/** Cohorts and counted updates of past rounds. */
async function turnout(db: Queryable, run: string, past: readonly PastRound[]): Promise<Turnout[]> {
  if (past.length === 0) return [];
  const rows = await db
    .select({
      cohort: sql<number>`count(*)::int`,
      updates: sql<number>`count(${members.update})::int`,
    })
    .from(members)
    .where(
      and(
        eq(members.run, run),
        inArray(
          members.round,
          past.map((r) => r.round),
        ),
      ),
    )
    .groupBy(members.round);
  return rows;
}
