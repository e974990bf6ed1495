import { cohortSize, dropOutRate, sampleCohort, selectionPlan, type Turnout } from '@strata/fl-core/rounds';
import { and, desc, eq, inArray, sql } from 'drizzle-orm';
import { members, rounds } from '../store/schema.ts';
import type { Context, Queryable } from './context.ts';
import { logEvent } from './events.ts';
import { readyClients } from './ready-clients.ts';
import { closedPhases, countCommitted, getRun, openRound, overStates } from './rows.ts';
import { budgetsFor } from './selection/budgets.ts';

/** What the run does next. */
export type NextRound =
  | { readonly kind: 'over' }
  /** Nothing to do until something changes, or for `seconds` at most. */
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'round'; readonly round: number };

/** A waiting run looks again after this long even if nobody wakes it. */
const longWait = 3600;
/** Rounds that the drop-out rate is taken from. */
const turnoutWindow = 20;

/** Pause before a round that follows `abandoned` abandoned ones in a row: 1, 2, 4 ... 60 seconds. */
export const backOffSeconds = (abandoned: number): number =>
  abandoned === 0 ? 0 : Math.min(60, 2 ** (abandoned - 1));

/**
 * Opens the run's next round if it may (R1, R10, R11, R12): the cohort is fixed, probing or selecting begins.
 * Idempotent: a round that is open already is the answer.
 */
export async function openNextRound(context: Context, runId: string): Promise<NextRound> {
  const { db } = context;
  context.woken.delete(runId); // what happens from here on may wake the run again
  const run = await getRun(db, runId);
  const open = await openRound(db, runId);
  if (open) return { kind: 'round', round: open.round };
  if (overStates.includes(run.state)) return { kind: 'over' };
  if (run.state !== 'running') return { kind: 'wait', seconds: longWait };

  const past = await recentRounds(db, runId);
  const wait = secondsToWait(past, Date.now());
  if (wait > 0) return { kind: 'wait', seconds: wait };

  const ready = await readyClients(context, runId);
  if (ready.length < run.config.cohort.minimum) return { kind: 'wait', seconds: longWait };

  const number = (past[0]?.round ?? 0) + 1;
  const size = cohortSize(run.config.cohort.goal, dropOutRate(await turnout(db, runId, past)));
  const cohort = new Set(
    sampleCohort(
      ready.map((c) => c.id),
      size,
      run.config.seed,
      number,
    ),
  );
  const chosen = ready.filter((c) => cohort.has(c.id));
  const { probe } = selectionPlan(run.config, await countCommitted(db, runId));
  const phase = probe ? 'probing' : 'selecting';
  const budgets = await budgetsFor(db, run, number, chosen);
  const now = Date.now();

  await db.transaction(async (tx) => {
    await tx.insert(rounds).values({
      run: runId,
      round: number,
      phase,
      deadline: phase === 'probing' ? new Date(now + run.config.deadlines.probing * 1000) : null,
      baseRound: run.committedRound,
      began: { [phase]: now },
      openedAt: new Date(now),
    });
    await tx.insert(members).values(
      chosen.map((client) => ({
        run: runId,
        round: number,
        client: client.id,
        samples: client.hello?.samples ?? 0,
        budget: budgets.get(client.id) ?? 0,
      })),
    );
  });
  await logEvent(context, runId, {
    kind: 'round-opened',
    round: number,
    message: `Round ${number} opened with ${chosen.length} of ${ready.length} ready clients.`,
  });
  context.bus.changed(runId);
  return { kind: 'round', round: number };
}

interface PastRound {
  readonly round: number;
  readonly phase: string;
  readonly reason: string;
  readonly closedAt: Date | null;
}

/** The newest rounds, newest first. */
function recentRounds(db: Queryable, run: string): Promise<PastRound[]> {
  return db
    .select({
      round: rounds.round,
      phase: rounds.phase,
      reason: rounds.reason,
      closedAt: rounds.closedAt,
    })
    .from(rounds)
    .where(and(eq(rounds.run, run), inArray(rounds.phase, closedPhases)))
    .orderBy(desc(rounds.round))
    .limit(turnoutWindow);
}

function secondsToWait(past: readonly PastRound[], now: number): number {
  const lastGood = past.findIndex((r) => r.phase !== 'abandoned');
  const seconds = backOffSeconds(lastGood === -1 ? past.length : lastGood);
  const since = (now - (past[0]?.closedAt?.getTime() ?? 0)) / 1000;
  return Math.max(0, seconds - since);
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
