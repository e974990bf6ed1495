import type { Checkpoint, RunConfig, Work } from '@strata/fl-core/protocol';
import {
  type Applicant,
  estimateWindow,
  isOver,
  isReady,
  layoutFor,
  type SealedPhase,
  sealedWorkOf,
  workOf,
} from '@strata/fl-core/rounds';
import { and, desc, eq, isNotNull, sql } from 'drizzle-orm';
import { now } from '../live/clock.ts';
import type { Attendance, SeesPresence } from '../live/presence.ts';
import type { HasSealedPhases } from '../sealed/phases.ts';
import {
  countCommitted,
  earlierModels,
  getCheckpoint,
  listFacts,
  oneOf,
  type PlaceFacts,
  type RoundRow,
  type RunRow,
  unknownClient,
} from '../store/rows.ts';
import { clients, rounds } from '../store/schema.ts';
import { type HasStandings, readRun } from '../store/standings.ts';
import type { HasDb, Queryable } from '../store/store.ts';

/** Gathers the rows that {@link workOf} needs: for one client, or for all connected ones at once. */

/** What the committed rounds of a run say to whoever asks for work. */
interface Past {
  readonly checkpoint: Checkpoint;
  readonly pastSeconds: readonly number[];
  readonly committed: number;
  /** Of a buffered run: the models that somebody may still work on, by round. */
  readonly earlier: ReadonlyMap<number, Checkpoint>;
}

async function readPast(db: Queryable, run: RunRow): Promise<Past> {
  const { id, committedRound } = run;
  const { round, layers } = await getCheckpoint(db, id, committedRound);
  return {
    checkpoint: { round, layers },
    earlier: new Map((await earlierModels(db, run)).map((model) => [model.round, model])),
    pastSeconds: await roundSeconds(db, id),
    committed: await countCommitted(db, id),
  };
}

/** Runs whose past is remembered. */
const rememberedRuns = 100;

/** The past of each run, which is the same until the next commit: it is read once, and all that ask share it. */
export class Pasts {
  readonly #db: Queryable;
  /** By run; the one asked for last is last. */
  readonly #newest = new Map<string, { readonly committedRound: number; readonly past: Promise<Past> }>();

  constructor({ db }: HasDb) {
    this.#db = db;
  }

  of(run: RunRow): Promise<Past> {
    const { id, committedRound } = run;
    const known = this.#newest.get(id);
    const past = known?.committedRound === committedRound ? known.past : readPast(this.#db, run);
    this.#newest.delete(id);
    this.#newest.set(id, { committedRound, past });
    past.catch(() => this.#forget(id, past)); // it may be read the next time
    for (const oldest of this.#newest.keys()) {
      if (this.#newest.size <= rememberedRuns) break;
      this.#newest.delete(oldest);
    }
    return past;
  }

  #forget(run: string, past: Promise<Past>): void {
    if (this.#newest.get(run)?.past === past) this.#newest.delete(run);
  }
}

export interface HasPasts {
  readonly pasts: Pasts;
}

interface Shared extends Past {
  readonly run: RunRow;
  readonly round: RoundRow | null;
  /** Clients that can be sampled; not counted while a round is open, when nobody asks. */
  readonly ready: number;
  /** Of a sealed round in which members are asked for parts of the exchange. */
  readonly sealedPhase: SealedPhase | null;
}

async function gather(
  { pasts, sealedPhases }: HasPasts & HasSealedPhases,
  { run, round }: Pick<Shared, 'run' | 'round'>,
  countReady: () => number | Promise<number>,
): Promise<Shared> {
  const open = round !== null && isOver(round.phase) ? null : round;
  return {
    run,
    round,
    ...(await pasts.of(run)),
    ready: open ? 0 : await countReady(),
    sealedPhase: open && (await sealedPhases.of(run, open)),
  };
}

/** What work depends on of a client; of its hello only what decides whether it is drawn. */
type Standing = Applicant & { readonly id: string };

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
        else jsonb_build_object('samples', ${hello}->'samples', 'device', jsonb_build_object('backend', ${hello}->'device'->'backend')) end`,
    })
    .from(clients)
    .where(and(eq(clients.run, run), oneOf(id, ids)));
}

const readyAmong = (connected: readonly Standing[], config: RunConfig): number =>
  connected.filter((client) => isReady(client, config)).length;

/** Counts of ready clients that are under way, by run: a crowd that asks at once is answered by one. */
const counting = new WeakMap<Attendance, Map<string, Promise<number>>>();

function countReady(
  ports: HasDb & SeesPresence,
  { id: run, config }: Pick<RunRow, 'id' | 'config'>,
): Promise<number> {
  const byRun = counting.get(ports.presence) ?? new Map<string, Promise<number>>();
  counting.set(ports.presence, byRun);
  const known = byRun.get(run);
  if (known) return known;
  const counted = connectedClients(ports, run)
    .then((connected) => readyAmong(connected, config))
    .finally(() => byRun.delete(run));
  byRun.set(run, counted);
  return counted;
}

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

type WorkPorts = HasDb & SeesPresence & HasSealedPhases & HasPasts;

/** One client's work (R9). Throws `unknown-run`, `unknown-client`. */
export async function workFor(ports: WorkPorts & HasStandings, runId: string, id: string): Promise<Work> {
  const standing = await ports.standings.of(runId, id);
  const client = standing.client ?? unknownClient(runId, id);
  const shared = await gather(ports, standing, () => countReady(ports, standing.run));
  return workOf(facts(shared, client, standing.member));
}

/** The work of every connected client. */
export async function workForAll(ports: WorkPorts, runId: string): Promise<Map<string, Work>> {
  const connected = await connectedClients(ports, runId);
  const { run, round } = await readRun(ports.db, runId);
  const shared = await gather(ports, { run, round }, () => readyAmong(connected, run.config));
  const cohort = round ? await listFacts(ports.db, runId, round.round) : [];
  const byClient = new Map(cohort.map((m) => [m.client, m]));
  return new Map(
    connected.map((client) => [client.id, workOf(facts(shared, client, byClient.get(client.id) ?? null))]),
  );
}

type WorkFacts = Parameters<typeof workOf>[0];

const facts = (
  { run, sealedPhase, ...shared }: Shared,
  client: WorkFacts['client'],
  member: PlaceFacts | null,
): WorkFacts => ({
  ...shared,
  run,
  client,
  member,
  sealed: sealedPhase && shared.round && member ? sealedWorkOf(sealedPhase, shared.round, member) : null,
  layout: layoutFor(run.config),
  now: now(),
});
