import {
  budgetWindow,
  cohortOf,
  fairDraw,
  isReady,
  type NextRound,
  nextRound,
  opening,
  type PastRound,
  type Turnout,
  turnoutWindow,
} from '@strata/fl-core/rounds';
import type { MeasuredRound } from '@strata/fl-core/selection';
import { and, desc, eq, gte, inArray, isNotNull, sql } from 'drizzle-orm';
import type { HasNewcomers } from '../entry/newcomers.ts';
import type { HasBus } from '../live/bus.ts';
import type { SeesPresence } from '../live/presence.ts';
import {
  type ClientRow,
  closedPhases,
  countCommitted,
  getRun,
  listClients,
  openRound,
  type RunRow,
} from '../store/rows.ts';
import { members, rounds } from '../store/schema.ts';
import type { HasDb, Queryable } from '../store/store.ts';
import type { HasEvents } from '../views/event-log.ts';

/**
 * Opens the run's next round if it may (R1, R10, R11, R12): the cohort is fixed, probing or selecting begins.
 * Idempotent: a round that is open already is the answer.
 */
export async function openNextRound(
  ports: HasDb & SeesPresence & HasBus & HasEvents & HasNewcomers,
  runId: string,
): Promise<NextRound> {
  const { db, bus, events, newcomers } = ports;
  const run = await getRun(db, runId);
  const open = await openRound(db, runId);
  const past = await recentRounds(db, runId);
  const ready = await readyClients(ports, runId);
  const next = nextRound(run, open, past, ready.length, Date.now());
  if (next.kind !== 'round' || open) return next;

  const drawn = fairDraw(
    ready,
    ({ id }) => newcomers.addressOf(runId, id),
    run.config.cohort.goal,
    run.config.seed,
    next.round,
  );
  const cohort = cohortOf(run, next.round, drawn, await turnout(db, runId, past));
  const measured = await measuredRounds(db, run, next.round, cohort);
  const committed = await countCommitted(db, runId);
  const { round, members: chosen } = opening(run, next.round, cohort, committed, measured, Date.now());
  await db.transaction(async (tx) => {
    await tx.insert(rounds).values(round);
    await tx.insert(members).values([...chosen]);
  });
  await events.add(runId, {
    kind: 'round-opened',
    round: next.round,
    message: `Round ${next.round} opened with ${chosen.length} of ${ready.length} ready participants.`,
  });
  bus.changed(runId);
  return next;
}

/** Clients of a run that can be sampled now. */
export async function readyClients(
  { db, presence }: HasDb & SeesPresence,
  run: string,
): Promise<ClientRow[]> {
  return (await listClients(db, run, presence.connected(run))).filter(isReady);
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

/** What each client's masks cost lately and how long it took, oldest first; for adaptive budgets alone. */
async function measuredRounds(
  db: Queryable,
  { id: run, config }: RunRow,
  round: number,
  cohort: readonly ClientRow[],
): Promise<Map<string, MeasuredRound[]>> {
  if (config.budget.kind !== 'adaptive') return new Map();
  const clients = cohort.map((c) => c.id);
  const rows = await db
    .select({ client: members.client, cost: members.cost, seconds: members.seconds })
    .from(members)
    .where(
      and(
        eq(members.run, run),
        inArray(members.client, clients),
        gte(members.round, round - budgetWindow),
        isNotNull(members.seconds),
      ),
    )
    .orderBy(desc(members.round));
  const byClient = new Map<string, MeasuredRound[]>();
  for (const { client, cost, seconds } of rows.reverse()) {
    if (cost === null || seconds === null) continue;
    byClient.set(client, [...(byClient.get(client) ?? []), { cost, time: seconds }]);
  }
  return byClient;
}
