import type { Checkpoint, Work } from '@strata/fl-core/protocol';
import { estimateWindow, isReady, layoutFor, workOf } from '@strata/fl-core/rounds';
import { and, desc, eq, isNotNull } from 'drizzle-orm';
import { now } from '../live/clock.ts';
import type { SeesPresence } from '../live/presence.ts';
import {
  type ClientRow,
  countCommitted,
  findMember,
  getCheckpoint,
  getClient,
  getRun,
  listClients,
  listMembers,
  openRound,
  type RoundRow,
  type RunRow,
} from '../store/rows.ts';
import { rounds } from '../store/schema.ts';
import type { HasDb, Queryable } from '../store/store.ts';

/** Gathers the rows that {@link workOf} needs: for one client, or for all connected ones at once. */

interface Shared {
  readonly run: RunRow;
  readonly round: RoundRow | null;
  readonly checkpoint: Checkpoint;
  readonly connected: readonly ClientRow[];
  readonly pastSeconds: readonly number[];
  readonly committed: number;
}

async function gather({ db, presence }: HasDb & SeesPresence, runId: string): Promise<Shared> {
  const run = await getRun(db, runId);
  const { round, layers } = await getCheckpoint(db, runId, run.committedRound);
  return {
    run,
    round: await openRound(db, runId),
    checkpoint: { round, layers },
    connected: await listClients(db, runId, presence.connected(runId)),
    pastSeconds: await roundSeconds(db, runId),
    committed: await countCommitted(db, runId),
  };
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

/** One client's work (R9). Throws `unknown-run`, `unknown-client`. */
export async function workFor(ports: HasDb & SeesPresence, runId: string, id: string): Promise<Work> {
  const client = await getClient(ports.db, runId, id);
  const shared = await gather(ports, runId);
  const { round } = shared;
  const member = round && (await findMember(ports.db, runId, round.round, id));
  return workOf(facts(shared, client, member));
}

/** The work of every connected client. */
export async function workForAll(ports: HasDb & SeesPresence, runId: string): Promise<Map<string, Work>> {
  const shared = await gather(ports, runId);
  const cohort = shared.round ? await listMembers(ports.db, runId, shared.round.round) : [];
  const byClient = new Map(cohort.map((m) => [m.client, m]));
  return new Map(
    shared.connected.map((client) => [
      client.id,
      workOf(facts(shared, client, byClient.get(client.id) ?? null)),
    ]),
  );
}

function facts(
  { run, round, checkpoint, connected, pastSeconds, committed }: Shared,
  client: ClientRow,
  member: Parameters<typeof workOf>[0]['member'],
): Parameters<typeof workOf>[0] {
  return {
    run,
    round,
    checkpoint,
    pastSeconds,
    committed,
    client,
    member,
    layout: layoutFor(run.config),
    ready: connected.filter(isReady).length,
    now: now(),
  };
}
