import type { Checkpoint, Hello, Work } from '@strata/fl-core/protocol';
import {
  estimateWindow,
  isReady,
  layoutFor,
  type SealedPhase,
  sealedWorkOf,
  workOf,
} from '@strata/fl-core/rounds';
import { and, desc, eq, inArray, isNotNull, sql } from 'drizzle-orm';
import { now } from '../live/clock.ts';
import type { Attendance, SeesPresence } from '../live/presence.ts';
import type { HasSealedPhases } from '../sealed/phases.ts';
import {
  type ClientRow,
  countCommitted,
  findMember,
  getCheckpoint,
  getClient,
  getRun,
  type MemberRow,
  openRound,
  type RoundRow,
  type RunRow,
  sealingOfMember,
  sealingState,
} from '../store/rows.ts';
import { clients, members, rounds, sealings } from '../store/schema.ts';
import type { HasDb, Queryable } from '../store/store.ts';

/** Gathers the rows that {@link workOf} needs: for one client, or for all connected ones at once. */

interface Shared {
  readonly run: RunRow;
  readonly round: RoundRow | null;
  readonly checkpoint: Checkpoint;
  /** Clients that can be sampled; not counted while a round is open, when nobody asks. */
  readonly ready: number;
  readonly pastSeconds: readonly number[];
  readonly committed: number;
  /** Of a sealed round in which members are asked for parts of the exchange. */
  readonly sealedPhase: SealedPhase | null;
}

async function gather(
  { db, sealedPhases }: HasDb & HasSealedPhases,
  runId: string,
  countReady: () => number | Promise<number>,
): Promise<Shared> {
  const run = await getRun(db, runId);
  const open = await openRound(db, runId);
  const { round, layers } = await getCheckpoint(db, runId, run.committedRound);
  return {
    run,
    round: open,
    checkpoint: { round, layers },
    ready: open ? 0 : await countReady(),
    pastSeconds: await roundSeconds(db, runId),
    committed: await countCommitted(db, runId),
    sealedPhase: open && (await sealedPhases.of(run, open)),
  };
}

/** What work depends on of a client; of its hello only how much it brings. */
interface Standing extends Pick<ClientRow, 'id' | 'paused' | 'left' | 'awaitsApproval'> {
  readonly hello: Pick<Hello, 'samples'> | null;
}

function connectedClients({ db, presence }: HasDb & SeesPresence, run: string): Promise<Standing[]> {
  const ids = presence.connected(run);
  if (ids.length === 0) return Promise.resolve([]);
  const { id, paused, left, awaitsApproval, hello } = clients;
  return db
    .select({
      id,
      paused,
      left,
      awaitsApproval,
      hello: sql<Standing['hello']>`case when ${hello} is null then null
        else jsonb_build_object('samples', ${hello}->'samples') end`,
    })
    .from(clients)
    .where(and(eq(clients.run, run), inArray(id, ids)));
}

const readyAmong = (connected: readonly Standing[]): number => connected.filter(isReady).length;

/** Counts of ready clients that are under way, by run: a crowd that asks at once is answered by one. */
const counting = new WeakMap<Attendance, Map<string, Promise<number>>>();

function countReady(ports: HasDb & SeesPresence, run: string): Promise<number> {
  const byRun = counting.get(ports.presence) ?? new Map<string, Promise<number>>();
  counting.set(ports.presence, byRun);
  const known = byRun.get(run);
  if (known) return known;
  const counted = connectedClients(ports, run)
    .then(readyAmong)
    .finally(() => byRun.delete(run));
  byRun.set(run, counted);
  return counted;
}

/** What work depends on of the cohort's members; of scores, which may be many, only whether there are any. */
function listPlaces(db: Queryable, run: string, round: number): Promise<Place[]> {
  const { client, mask, update, evaluation, left, missed, late } = members;
  const scores = sql<MemberRow['scores']>`case when ${members.scores} is null then null else '{}'::jsonb end`;
  return db
    .select({ client, scores, mask, update, evaluation, left, missed, late, sealing: sealingState })
    .from(members)
    .leftJoin(sealings, sealingOfMember)
    .where(and(eq(members.run, run), eq(members.round, round)));
}

type Place = Pick<
  MemberRow,
  'client' | 'scores' | 'mask' | 'update' | 'evaluation' | 'left' | 'missed' | 'late' | 'sealing'
>;

async function roundSeconds(db: Queryable, run: string): Promise<number[]> {
  const past = await db
    .select({ openedAt: rounds.openedAt, closedAt: rounds.closedAt })
    .from(rounds)
    .where(and(eq(rounds.run, run), eq(rounds.phase, 'committed'), isNotNull(rounds.closedAt)))
    .orderBy(desc(rounds.round))
    .limit(estimateWindow);
  return past.flatMap((r) =>
    r.closedAt ? [Math.max(0, r.closedAt.getTime() - r.openedAt.getTime()) / 1000] : [],
  );
}

type WorkPorts = HasDb & SeesPresence & HasSealedPhases;

/** One client's work (R9). Throws `unknown-run`, `unknown-client`. */
export async function workFor(ports: WorkPorts, runId: string, id: string): Promise<Work> {
  const client = await getClient(ports.db, runId, id);
  const shared = await gather(ports, runId, () => countReady(ports, runId));
  const { round } = shared;
  const member = round && (await findMember(ports.db, runId, round.round, id));
  return workOf(facts(shared, client, member));
}

/** The work of every connected client. */
export async function workForAll(ports: WorkPorts, runId: string): Promise<Map<string, Work>> {
  const connected = await connectedClients(ports, runId);
  const shared = await gather(ports, runId, () => readyAmong(connected));
  const cohort = shared.round ? await listPlaces(ports.db, runId, shared.round.round) : [];
  const byClient = new Map(cohort.map((m) => [m.client, m]));
  return new Map(
    connected.map((client) => [client.id, workOf(facts(shared, client, byClient.get(client.id) ?? null))]),
  );
}

type WorkFacts = Parameters<typeof workOf>[0];

const facts = (
  { run, sealedPhase, ...shared }: Shared,
  client: WorkFacts['client'],
  member: Place | null,
): WorkFacts => ({
  ...shared,
  run,
  client,
  member,
  sealed: sealedPhase && shared.round && member ? sealedWorkOf(sealedPhase, shared.round, member) : null,
  layout: layoutFor(run.config),
  now: now(),
});
