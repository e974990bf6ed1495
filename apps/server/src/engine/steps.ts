import { cryptoWords } from '@strata/fl-core/privacy';
import { type RunConfig, secretSampling, updateDetails } from '@strata/fl-core/protocol';
import {
  abandoning,
  beginEvaluating,
  beginTraining,
  type Change,
  type Commit,
  chooseForRound,
  committingSealed,
  countedUpdates,
  isOver,
  isTimed,
  layoutFor,
  makeCandidate,
  noisedAnyway,
  noisedShare,
  type RoundFacts,
  type RoundStatus,
  recyclesUpdates,
  type SelectionPort,
  settling,
  statusOf,
  stepLayer,
  summedUpdate,
  trainedLayers,
  withPublished,
} from '@strata/fl-core/rounds';
import { and, eq } from 'drizzle-orm';
import type { HasBus } from '../live/bus.ts';
import { now } from '../live/clock.ts';
import type { HasMeasured } from '../live/measured.ts';
import type { HasTraffic } from '../live/traffic.ts';
import { readSealedPhase } from '../sealed/phases.ts';
import { appendAudit, modelDetails, theServer } from '../store/audit-log.ts';
import type { HasBlobs } from '../store/blobs.ts';
import { changeMembers } from '../store/change-members.ts';
import {
  countCommitted,
  earlierModels,
  findRound,
  getCheckpoint,
  getRound,
  getRun,
  isRound,
  listClients,
  listHeldOut,
  listMembers,
  listReleased,
  listSealedMembers,
  lockRound,
  type RoundRow,
  type RunRow,
} from '../store/rows.ts';
import { checkpoints, rounds, runs, sealings } from '../store/schema.ts';
import type { HasNaming } from '../store/shared-lock.ts';
import type { HasDb, Queryable } from '../store/store.ts';
import type { Attributes, HasTraces } from '../tracing/traces.ts';
import type { HasEvents } from '../views/event-log.ts';
import { clearStep, layerPort } from './aggregation/layer-port.ts';
import type { HasLayerSteps } from './aggregation/layer-steps.ts';
import { openAside } from './aggregation/sealed-sums.ts';
import type { HasGarbage } from './garbage-collection.ts';
import {
  droppedBy,
  type LateMembers,
  lateMembers,
  noteAggregated,
  noteDropped,
  noteEarlyEnd,
  noteEvaluations,
  noteLate,
} from './round-notes.ts';
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
  ports: HasDb & HasTraffic & HasBus & HasEvents & HasGarbage & HasTraces,
  runId: string,
  number: number,
): Promise<RoundStatus> {
  let late: LateMembers | null = null;
  let dropped: readonly string[] = [];
  const { round, moved } = await moveRound(ports, runId, number, async (facts, tx) => {
    const { run, round } = facts;
    if (isTimed(round.phase) && run.state !== 'stopped') await flushTraffic(ports, tx, facts);
    const change = settling(facts, now());
    late = change && lateMembers(facts, change);
    dropped = change ? droppedBy(facts, change) : [];
    return change;
  });
  if (late) await noteLate(ports, round, late);
  await noteDropped(ports, round, dropped);
  if (!moved) return statusOf(round);
  if (round.phase === 'committed') await noteEvaluations(ports, round);
  await announce(ports, round);
  return statusOf(round);
}

/** Chooses the layers of every member that is still there and begins training. */
export async function selectLayers(
  ports: HasDb & HasBus & HasEvents & HasTraces,
  runId: string,
  number: number,
): Promise<RoundStatus> {
  const { db, bus, events } = ports;
  const row = await getRound(db, runId, number);
  if (row.phase !== 'selecting') return statusOf(row);
  const facts = await factsOf(db, row);
  const choice = await chooseForRound(facts, selectionPort(db, await getRun(db, runId)));
  const { round } = await moveRound(ports, runId, number, (s) => beginTraining(s, choice, now()));
  await events.add(runId, {
    kind: 'layers-selected',
    round: number,
    message:
      round.selection?.warmUp === true
        ? headAloneText(facts.run.config, choice.changes.size)
        : `Layers were chosen for ${choice.changes.size} participants; training began.`,
  });
  bus.changed(runId);
  return statusOf(round);
}

function headAloneText({ local }: RunConfig, participants: number): string {
  const { kind } = local.head.warmUp;
  switch (kind) {
    case 'trained':
      return `The head is warmed up: ${participants} participants train it alone, and no layers are chosen yet; training began.`;
    case 'closed-form':
      return `The head is computed: ${participants} participants sum up what enters it, and no layers are chosen in this round.`;
    default:
      return kind satisfies never;
  }
}

function selectionPort(db: Queryable, run: RunRow): SelectionPort {
  return {
    earlierProbes: (clients) => earlierProbes(db, run, clients),
    earlierMasks: (count) => earlierMasks(db, run.id, count),
    historyAfter: async (round) => (await findRound(db, run.id, round))?.history ?? null,
    statesAfter: async (round) => (await findRound(db, run.id, round))?.optimizer ?? null,
    choose: chooseAside,
    words: cryptoWords(),
  };
}

/** Makes the round's candidate model and begins evaluating; that of a sealed round is committed. */
export async function aggregateRound(
  ports: HasDb &
    HasBlobs &
    HasNaming &
    HasBus &
    HasEvents &
    HasLayerSteps &
    HasMeasured &
    HasGarbage &
    HasTraces,
  runId: string,
  number: number,
): Promise<RoundStatus> {
  const { db, bus } = ports;
  const row = await getRound(db, runId, number);
  if (row.phase !== 'aggregating') return statusOf(row);
  const run = await getRun(db, runId);
  if (run.config.aggregation.sealing.kind === 'sealed') return commitSums(ports, run, row);
  const base = await getCheckpoint(db, runId, row.baseRound);
  const cohort = await listMembers(db, runId, number);
  const updates = countedUpdates(run, cohort, await earlierModels(db, run));
  const begun = { candidate: row.candidate ?? {}, optimizer: row.optimizer };
  const port = layerPort(ports, run, row, await clearStep(ports, run, row, updates));
  const anyway = noisedAnyway(row.privacy, trainedLayers(layoutFor(run.config), []));
  const made = await makeCandidate(run, base, begun, updates, port, anyway);
  const share = await noisedShare(run.config, row.privacy, cohort, cryptoWords());

  const { round } = await moveRound(ports, runId, number, async (facts, tx) => {
    const ids = facts.cohort.map((m) => m.client);
    return beginEvaluating(facts, await listClients(tx, runId, ids), made, share, updates, now());
  });
  await noteAggregated(ports, run, row, cohort, updates);
  bus.changed(runId);
  return statusOf(round);
}

/** Opens the sums of a sealed round and commits the model that they make; of no participant anything else is read. */
async function commitSums(
  ports: HasDb & HasBlobs & HasNaming & HasBus & HasEvents & HasGarbage & HasTraces,
  run: RunRow,
  row: RoundRow,
): Promise<RoundStatus> {
  const { db, blobs, events } = ports;
  const base = await getCheckpoint(db, run.id, row.baseRound);
  const cohort = await listSealedMembers(db, run.id, row.round);
  const { exchange, terms } = await readSealedPhase(db, run, row);
  const words = cohort.flatMap(({ update }) => update ?? []);
  const paths = new Map(
    await Promise.all(words.map(async (sha256) => [sha256, await blobs.path(sha256)] as const)),
  );
  const opened = await openAside({ config: run.config, exchange, terms, cohort, paths });
  const sum = summedUpdate(opened);
  const port = layerPort(ports, run, row, (layer, before, state) =>
    stepLayer(run.config.aggregation, layer, before, state, sum.updatesOf(layer.name), {
      share: sum.shareBehind(layer.name),
      recycles: recyclesUpdates(run.config),
      noising: null,
    }),
  );
  const begun = { candidate: row.candidate ?? {}, optimizer: row.optimizer };
  const made = await makeCandidate(run, base, begun, sum.counted, port);
  const { round, moved } = await moveRound(ports, run.id, row.round, (facts) =>
    committingSealed(facts, made, opened.result, now()),
  );
  if (!moved) return statusOf(round);
  const { layers, closed } = opened.result;
  // Layers that nobody was to train are no news; the names of what is no layer begin with a blank.
  const shut = Object.entries(closed).filter(([name, left]) => left > 0 && !name.startsWith(' '));
  await events.add(run.id, {
    kind: 'sums-opened',
    round: row.round,
    message: `The sums of ${Object.keys(layers).length} layers were opened, each over at least ${exchange.atLeast} participants.${shut
      .map(([name, left]) => ` ${name} stays closed: ${left} have trained it.`)
      .join('')}`,
  });
  await announce(ports, round);
  return statusOf(round);
}

/** Abandons a round, whatever its phase, unless it is over. */
export async function abandon(
  ports: HasDb & HasBus & HasEvents & HasGarbage & HasTraces,
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
  { db, bus, events, garbage }: HasDb & HasBus & HasEvents & HasGarbage,
  { run, round, phase, reason }: RoundRow,
): Promise<void> {
  // First what cannot fail: the log may, where the database goes away.
  if (isOver(phase)) garbage.afterRound(run, round);
  bus.changed(run);
  if (phase === 'abandoned') {
    await events.add(run, {
      level: 'warning',
      kind: 'round-abandoned',
      round,
      message: `Round ${round} was abandoned: ${reason} The model stays as it was.`,
    });
  } else if (phase === 'committed') {
    await events.add(run, { kind: 'round-committed', round, message: `Round ${round} was committed.` });
    await noteEarlyEnd({ db, events }, run);
  }
}

/**
 * Moves a round on by what `decide` says of it, in one transaction (R8). Idempotent where `decide` is: null leaves
 * the round as it is.
 */
async function moveRound(
  { db, traces }: HasDb & HasTraces,
  runId: string,
  number: number,
  decide: (facts: RoundFacts, tx: Queryable) => Change | null | Promise<Change | null>,
): Promise<{ readonly round: RoundRow; readonly moved: boolean }> {
  const { before, facts, ...went } = await db.transaction(async (tx) => {
    const round = await lockRound(tx, runId, number);
    const facts = await factsOf(tx, round);
    const change = await withPublished(facts, await decide(facts, tx), cryptoWords());
    if (change === null) return { before: round, facts, round, moved: false };
    const recorded = await record(tx, round, change);
    const sealed = facts.run.config.aggregation.sealing.kind === 'sealed';
    if (sealed && isOver(recorded.phase)) await forgetShares(tx, recorded);
    return { before: round, facts, round: recorded, moved: true };
  });
  if (went.moved) traces.moved(before, went.round, numbersOf(facts));
  return went;
}

/** What a span says of its round; how many were drawn in secret it does not (R14). */
function numbersOf({ run: { config }, cohort }: RoundFacts): Attributes {
  if (secretSampling(config) !== null) return {};
  const updates = cohort.filter((m) => m.update !== null);
  const bytes = updates.reduce((sum, m) => sum + (m.updateBytes ?? 0), 0);
  return {
    'strata.cohort': cohort.length,
    'strata.updates': updates.length,
    'strata.bytes_up': bytes,
  };
}

/** Nobody needs the shares of a round that is over; who steals the database must not find them. */
async function forgetShares(tx: Queryable, { run, round }: RoundRow): Promise<void> {
  await tx
    .update(sealings)
    .set({ shared: null, released: null })
    .where(and(eq(sealings.run, run), eq(sealings.round, round)));
}

async function factsOf(db: Queryable, round: RoundRow): Promise<RoundFacts> {
  const run = await getRun(db, round.run);
  return {
    run,
    round,
    cohort: await listMembers(db, round.run, round.round),
    committed: await countCommitted(db, round.run),
    released: await listReleased(db, run, round.round),
    heldOut: await listHeldOut(db, run),
  };
}

async function record(tx: Queryable, row: RoundRow, change: Change): Promise<RoundRow> {
  await changeMembers(tx, row, change.members);
  if (change.commit) await recordCommit(tx, row, change.commit);
  const [updated] = await tx.update(rounds).set(change.round).where(isRound(row)).returning();
  if (change.commit) {
    const details = modelDetails(row.round, change.commit.layers);
    await appendAudit(tx, { who: theServer, kind: 'model-committed', run: row.run, details });
    await recordSignatures(tx, row);
  }
  return updated ?? row;
}

/** Updates of an entry of the audit log at most: of p-256 each is some 350 bytes. */
const updatesInEntry = 100;

/** Puts on record what a model was made of, where anybody has signed it. */
async function recordSignatures(tx: Queryable, { run, round }: RoundRow): Promise<void> {
  const counted = (await listMembers(tx, run, round)).flatMap(({ client, update, signature, given }) =>
    update === null ? [] : [{ client, sha256: update, signature, of: given?.round ?? round }],
  );
  if (counted.every(({ signature }) => signature === null)) return;
  // What is signed names the round that it was trained for: in a buffered run that may be an earlier one.
  for (const of of [...new Set(counted.map((u) => u.of))].sort((a, b) => a - b)) {
    const updates = counted.filter((u) => u.of === of);
    for (let from = 0; from < updates.length; from += updatesInEntry) {
      const told = updateDetails(of, updates.slice(from, from + updatesInEntry));
      const details = of === round ? told : { ...told, countedIn: String(round) };
      await appendAudit(tx, { who: theServer, kind: 'updates-counted', run, details });
    }
  }
}

async function recordCommit(
  tx: Queryable,
  { run, round }: RoundRow,
  { layers, optimizer, finished, reason }: Commit,
): Promise<void> {
  await tx.insert(checkpoints).values({ run, round, layers, optimizer });
  const over = finished ? { state: 'finished' as const, endedAt: new Date(), reason } : {};
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
  const before = new Map(cohort.map((m) => [m.client, m.bytesDown]));
  const counted = [...traffic.take(run.id, [...before.keys()])];
  // The round is locked: nobody has counted anything since its members were read.
  const sums = counted.map(
    ([client, bytes]) => [client, { bytesDown: (before.get(client) ?? 0) + bytes }] as const,
  );
  await changeMembers(tx, round, sums);
}
