import { bufferOf, secretSampling } from '@strata/fl-core/protocol';
import {
  budgetWindow,
  cohortOf,
  fairDraw,
  isReady,
  type LastPlace,
  missedRounds,
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
import { now } from '../live/clock.ts';
import type { SeesPresence } from '../live/presence.ts';
import {
  type ClientRow,
  closedPhases,
  countCommitted,
  getRun,
  listClients,
  listMembers,
  listReleased,
  type MemberRow,
  openRound,
  type RunRow,
  sealingOfMember,
} from '../store/rows.ts';
import { clients, draws, members, rounds, runs, sealings } from '../store/schema.ts';
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
  const ready = await readyClients(ports, run);
  const released = await listReleased(db, run);
  const committed = await countCommitted(db, runId);
  const next = nextRound(run, open, past, ready.length, released, committed, now());
  if (next.kind === 'spent') await stopSpent(ports, runId, next.reason);
  if (next.kind !== 'round' || open) return next;

  // In secret everybody has the same chance, and sums are divided by no number of clients: a crowd is no cohort.
  const secret = secretSampling(run.config) !== null;
  const drawn = secret
    ? ready
    : await fairDraw(run, next.round, ready, ({ id }) => newcomers.addressOf(runId, id));
  const missed = await missedBefore(db, runId, drawn);
  const cohort = await cohortOf(
    run,
    next.round,
    drawn,
    committed,
    missed,
    await turnout(db, runId, past),
    await newestMembers(db, run, past),
  );
  const measured = await measuredRounds(db, run, next.round, cohort.members);
  const {
    round,
    members: chosen,
    drawnFrom,
  } = opening(run, next.round, cohort, committed, measured, released, now());
  await db.transaction(async (tx) => {
    await tx.insert(rounds).values(round);
    await tx.insert(draws).values({ run: runId, round: next.round, drawnFrom });
    if (chosen.length > 0) await tx.insert(members).values([...chosen]);
  });
  await events.add(runId, {
    kind: 'round-opened',
    round: next.round,
    message: openedText(next.round, cohort.carried.length, cohort.members.length, ready.length),
  });
  bus.changed(runId);
  return next;
}

const openedText = (round: number, carried: number, drawn: number, ready: number): string =>
  carried === 0
    ? `Round ${round} opened with ${drawn} of ${ready} ready participants.`
    : `Round ${round} opened with ${drawn} new participants and ${carried} that are still at work; ${ready} are ready.`;

/** The run is over before a round that would pass its epsilon; what it has learned stays. */
async function stopSpent(
  { db, bus, events }: HasDb & HasBus & HasEvents,
  run: string,
  reason: string,
): Promise<void> {
  const stopped = await db.transaction((tx) =>
    tx
      .update(runs)
      .set({ state: 'stopped', reason, endedAt: new Date() })
      .where(and(eq(runs.id, run), eq(runs.state, 'running')))
      .returning({ id: runs.id }),
  );
  if (stopped.length === 0) return;
  await events.add(run, {
    level: 'warning',
    kind: 'privacy-spent',
    message: `The run has stopped. ${reason}`,
  });
  bus.changed(run);
}

/** Clients of a run that can be sampled now. */
export async function readyClients(
  { db, presence }: HasDb & SeesPresence,
  { id, config }: Pick<RunRow, 'id' | 'config'>,
): Promise<ClientRow[]> {
  const connected = await listClients(db, id, presence.connected(id));
  return connected.filter((client) => isReady(client, config));
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

/** The cohort of the newest round, those aside that have left since; read of a buffered run alone. */
async function newestMembers(
  db: Queryable,
  { id, config }: RunRow,
  [newest]: readonly PastRound[],
): Promise<MemberRow[]> {
  if (bufferOf(config) === null || newest === undefined) return [];
  const cohort = await listMembers(db, id, newest.round);
  const rows = await listClients(
    db,
    id,
    cohort.map((m) => m.client),
  );
  const there = new Set(rows.flatMap((client) => (client.left ? [] : [client.id])));
  return cohort.filter((m) => there.has(m.client));
}

/** What came of the members of past rounds. */
async function turnout(db: Queryable, run: string, past: readonly PastRound[]): Promise<Turnout[]> {
  if (past.length === 0) return [];
  const asked = sql`${members.missed} = 0`;
  const gone = sql`${members.update} is null and (${members.left} or ${members.late})`;
  const slow = sql`${members.update} is null and ${members.late} and not ${members.left} and ${answered}`;
  return db
    .select({
      cohort: sql<number>`(count(*) filter (where ${asked}))::int`,
      updates: sql<number>`(count(${members.update}) filter (where ${asked}))::int`,
      missing: sql<number>`(count(*) filter (where ${asked} and ${gone}))::int`,
      slow: sql<number>`(count(*) filter (where ${asked} and ${slow}))::int`,
      allUpdates: sql<number>`count(${members.update})::int`,
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
}

/** As fl-core's `hasAnswered`. */
const answered = sql`(${members.scores} is not null or ${members.update} is not null
  or exists (select 1 from ${sealings} where ${sealingOfMember})
  or coalesce((${members.evaluation} ->> 'samples')::bigint, 0) > 0)`;

/** Rounds in a row that these clients have missed: one look into the index for each. */
async function missedBefore(
  db: Queryable,
  run: string,
  ready: readonly ClientRow[],
): Promise<Map<string, number>> {
  const newest = db
    .select({
      client: members.client,
      missed: members.missed,
      late: members.late,
      answered: sql<boolean>`${answered}`.as('answered'),
    })
    .from(members)
    .where(and(eq(members.run, run), eq(members.client, clients.id)))
    .orderBy(desc(members.round))
    .limit(1)
    .as('newest');
  const rows: LastPlace[] = await db
    .select({
      client: newest.client,
      missed: newest.missed,
      late: newest.late,
      answered: newest.answered,
    })
    .from(clients)
    .innerJoinLateral(newest, sql`true`)
    .where(
      and(
        eq(clients.run, run),
        inArray(
          clients.id,
          ready.map((c) => c.id),
        ),
      ),
    );
  return new Map(rows.map((place) => [place.client, missedRounds(place)]));
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
