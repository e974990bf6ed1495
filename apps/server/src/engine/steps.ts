import { layerBytes } from '@strata/fl-core/models/layouts';
import {
  abandoning,
  beginEvaluating,
  beginTraining,
  boundedClaims,
  type Change,
  type ClaimNote,
  type Commit,
  type CountedUpdate,
  chooseForRound,
  countedHeldOut,
  countedSamples,
  countedUpdates,
  isOver,
  isTimed,
  type LayerPort,
  layoutFor,
  makeCandidate,
  memberState,
  type RoundFacts,
  type RoundStatus,
  type SelectionPort,
  settling,
  statusOf,
  type TimedPhase,
} from '@strata/fl-core/rounds';
import { and, eq, sql } from 'drizzle-orm';
import type { HasBus } from '../live/bus.ts';
import { now } from '../live/clock.ts';
import type { HasTraffic } from '../live/traffic.ts';
import type { HasBlobs } from '../store/blobs.ts';
import {
  countCommitted,
  findRound,
  getCheckpoint,
  getRound,
  getRun,
  isMember,
  isRound,
  listClients,
  listMembers,
  lockRound,
  type RoundRow,
  type RunRow,
} from '../store/rows.ts';
import { checkpoints, members, rounds, runs } from '../store/schema.ts';
import type { HasNaming } from '../store/shared-lock.ts';
import type { HasDb, Queryable } from '../store/store.ts';
import type { HasEvents } from '../views/event-log.ts';
import { type HasLayerSteps, LayerSteps } from './aggregation/layer-steps.ts';
import type { SpooledUpdate } from './aggregation/spooled-layer.ts';
import type { HasGarbage } from './garbage-collection.ts';
import { chooseAside } from './selection/choose-aside.ts';
import { earlierMasks, earlierProbes } from './selection/earlier.ts';

/**
 * The steps of a round that are left to the server: each reads where the round stands, asks fl-core's rounds for the
 * change, records it in one transaction, and tells the rest of the server. Each is idempotent: after a crash the last
 * one is run again.
 */

/**
 * Moves a timed phase on if it may be (R2, R3): to the next phase, to `committed` or to `abandoned`. A round that has
 * moved on already is answered as it is.
 */
export async function settlePhase(
  ports: HasDb & HasTraffic & HasBus & HasEvents & HasGarbage,
  runId: string,
  number: number,
): Promise<RoundStatus> {
  let late: LateMembers | null = null;
  const { round, moved } = await moveRound(ports, runId, number, async (facts, tx) => {
    const { run, round } = facts;
    if (isTimed(round.phase) && run.state !== 'stopped') await flushTraffic(ports, tx, facts);
    const change = settling(facts, now());
    late = change && lateMembers(facts, change);
    return change;
  });
  if (late) await tellLate(ports, round, late);
  if (!moved) return statusOf(round);
  if (round.phase === 'committed') await logEvaluations(ports, round);
  await announce(ports, round);
  return statusOf(round);
}

async function logEvaluations(ports: HasDb & HasEvents, { run: id, round }: RoundRow): Promise<void> {
  const { db } = ports;
  const run = await getRun(db, id);
  const claims = countedHeldOut(run.config, await listMembers(db, id, round));
  await logClaims(ports, run, round, boundedClaims(run.config, claims, 'held-out samples'));
}

/** Whom a phase closed without. */
interface LateMembers {
  readonly phase: TimedPhase;
  readonly clients: readonly string[];
  readonly answered: number;
  readonly cohort: number;
}

function lateMembers({ round: { phase }, cohort }: RoundFacts, { members }: Change): LateMembers | null {
  const clients = [...members].flatMap(([client, change]) => (change.late ? [client] : []));
  if (clients.length === 0 || !isTimed(phase)) return null;
  const answered = cohort.filter((m) => memberState(phase, m) === 'answered').length;
  return { phase, clients, answered, cohort: cohort.length };
}

/** Names of clients that a line of the log holds. */
const namesInALine = 5;

async function tellLate(
  { db, events }: HasDb & HasEvents,
  { run, round }: RoundRow,
  { phase, clients, answered, cohort }: LateMembers,
): Promise<void> {
  const rows = await listClients(db, run, clients.slice(0, namesInALine));
  const names = rows.map((c) => c.hello?.name || c.id).sort();
  const more = clients.length - names.length;
  const who = [...names, ...(more > 0 ? [`${more} more`] : [])].join(', ');
  const title = `${phase[0]?.toUpperCase()}${phase.slice(1)}`;
  await events.add(run, {
    kind: 'answers-missing',
    round,
    message: `${title} of round ${round} closed without an answer of ${who}; ${answered} of ${cohort} had answered. Who answers nothing in a round is asked last in the next ones.`,
  });
}

/** Chooses the layers of every member that is still there and begins training. */
export async function selectLayers(
  ports: HasDb & HasBus & HasEvents,
  runId: string,
  number: number,
): Promise<RoundStatus> {
  const { db, bus, events } = ports;
  const row = await getRound(db, runId, number);
  if (row.phase !== 'selecting') return statusOf(row);
  const choice = await chooseForRound(await factsOf(db, row), selectionPort(db, runId));
  const { round } = await moveRound(ports, runId, number, (s) => beginTraining(s, choice, now()));
  await events.add(runId, {
    kind: 'layers-selected',
    round: number,
    message: `Layers were chosen for ${choice.changes.size} participants; training began.`,
  });
  bus.changed(runId);
  return statusOf(round);
}

function selectionPort(db: Queryable, run: string): SelectionPort {
  return {
    earlierProbes: (clients) => earlierProbes(db, run, clients),
    earlierMasks: (count) => earlierMasks(db, run, count),
    historyAfter: async (round) => (await findRound(db, run, round))?.history ?? null,
    choose: chooseAside,
  };
}

/** Makes the round's candidate model and begins evaluating. */
export async function aggregateRound(
  ports: HasDb & HasBlobs & HasNaming & HasBus & HasEvents & HasLayerSteps,
  runId: string,
  number: number,
): Promise<RoundStatus> {
  const { db, bus, events } = ports;
  const row = await getRound(db, runId, number);
  if (row.phase !== 'aggregating') return statusOf(row);
  const run = await getRun(db, runId);
  const base = await getCheckpoint(db, runId, row.baseRound);
  const cohort = await listMembers(db, runId, number);
  const updates = countedUpdates(run, cohort);
  const begun = { candidate: row.candidate ?? {}, optimizer: row.optimizer };
  const port = await layerPort(ports, run, number, updates);
  const made = await makeCandidate(run, base, begun, updates, port);

  const { round } = await moveRound(ports, runId, number, async (facts, tx) => {
    const ids = facts.cohort.map((m) => m.client);
    return beginEvaluating(facts, await listClients(tx, runId, ids), made, now());
  });
  await events.add(runId, {
    kind: 'aggregated',
    round: number,
    message: `${updates.length} updates were aggregated; the cohort evaluates the result.`,
  });
  const trained = cohort.filter((m) => m.update !== null);
  await logClaims(
    ports,
    run,
    number,
    boundedClaims(run.config, countedSamples(run.config, trained), 'training samples'),
  );
  bus.changed(runId);
  return statusOf(round);
}

/** Where less counts than was claimed, the operator is told with numbers. */
async function logClaims(
  { events }: HasEvents,
  { id }: RunRow,
  round: number,
  note: ClaimNote | null,
): Promise<void> {
  if (note !== null) await events.add(id, { ...note, kind: 'claims-bounded', round });
}

/** Bytes of layers that are made at once at least: each time costs the database a transaction and the disk some waits. */
const smallRoom = 16 * 2 ** 20;

/** Layers are blobs; those finished before a crash are in the round's row, with their optimizer state. */
async function layerPort(
  { db, blobs, naming, events, layerSteps }: HasDb & HasBlobs & HasNaming & HasEvents & HasLayerSteps,
  { id, config }: RunRow,
  round: number,
  updates: readonly CountedUpdate[],
): Promise<LayerPort> {
  const spooled: SpooledUpdate[] = [];
  for (const u of updates) spooled.push({ ...u, path: await blobs.path(u.update) });
  const largest = Math.max(...layoutFor(config).layers.map(layerBytes));
  return {
    room: Math.max(smallRoom, LayerSteps.atOnce * largest),
    step: (layer, before, state) => layerSteps.step(config.aggregation, layer, before, state, spooled),
    read: (sha256) => blobs.read(sha256),
    write: (bytes) => blobs.put(bytes),
    keep: (make) =>
      naming.shared(async () => {
        const made = await make();
        await db
          .update(rounds)
          .set(made)
          .where(and(isRound({ run: id, round }), eq(rounds.phase, 'aggregating')));
        return made;
      }),
    refused: (layer, { message, hint }) =>
      events.add(id, {
        level: 'warning',
        kind: 'layer-refused',
        round,
        message: `Layer ${layer} stays as it was: ${message} ${hint}`,
      }),
  };
}

/** Abandons a round, whatever its phase, unless it is over. */
export async function abandon(
  ports: HasDb & HasBus & HasEvents & HasGarbage,
  run: string,
  number: number,
  reason: string,
): Promise<RoundStatus> {
  const { round, moved } = await moveRound(ports, run, number, (facts) =>
    isOver(facts.round.phase) ? null : abandoning(facts.round, reason, now()),
  );
  if (moved) await announce(ports, round);
  return statusOf(round);
}

/** What follows a step that is in the database: a line in the log, and the files nobody needs are deleted. */
async function announce(
  { bus, events, garbage }: HasBus & HasEvents & HasGarbage,
  { run, round, phase, reason }: RoundRow,
): Promise<void> {
  if (phase === 'abandoned') {
    await events.add(run, {
      level: 'warning',
      kind: 'round-abandoned',
      round,
      message: `Round ${round} was abandoned: ${reason} The model stays as it was.`,
    });
  } else if (phase === 'committed') {
    await events.add(run, { kind: 'round-committed', round, message: `Round ${round} was committed.` });
  }
  if (isOver(phase)) garbage.afterRound(run, round);
  bus.changed(run);
}

/**
 * Moves a round on by what `decide` says of it, in one transaction (R8). Idempotent where `decide` is: null leaves
 * the round as it is.
 */
async function moveRound(
  { db }: HasDb,
  runId: string,
  number: number,
  decide: (facts: RoundFacts, tx: Queryable) => Change | null | Promise<Change | null>,
): Promise<{ readonly round: RoundRow; readonly moved: boolean }> {
  return db.transaction(async (tx) => {
    const round = await lockRound(tx, runId, number);
    const change = await decide(await factsOf(tx, round), tx);
    return change ? { round: await record(tx, round, change), moved: true } : { round, moved: false };
  });
}

async function factsOf(db: Queryable, round: RoundRow): Promise<RoundFacts> {
  return {
    run: await getRun(db, round.run),
    round,
    cohort: await listMembers(db, round.run, round.round),
    committed: await countCommitted(db, round.run),
  };
}

async function record(tx: Queryable, row: RoundRow, change: Change): Promise<RoundRow> {
  for (const [client, answer] of change.members) {
    await tx
      .update(members)
      .set(answer)
      .where(isMember({ ...row, client }));
  }
  if (change.commit) await recordCommit(tx, row, change.commit);
  const [updated] = await tx.update(rounds).set(change.round).where(isRound(row)).returning();
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

/** Writes the downloads counted in memory to the cohort's rows. */
async function flushTraffic(
  { traffic }: HasTraffic,
  tx: Queryable,
  { run, round, cohort }: RoundFacts,
): Promise<void> {
  const clients = cohort.map((m) => m.client);
  for (const [client, bytes] of traffic.take(run.id, clients)) {
    await tx
      .update(members)
      .set({ bytesDown: sql`${members.bytesDown} + ${bytes}` })
      .where(isMember({ ...round, client }));
  }
}
