import { type ErrorBody, type Standing, StrataError } from '@strata/fl-core/protocol';
import { and, desc, eq, isNull, notInArray, or } from 'drizzle-orm';
import type { HasNewcomers } from '../entry/newcomers.ts';
import { hashSecret, sameHash } from '../entry/secrets.ts';
import type { HasBus } from '../live/bus.ts';
import type { HasPresence } from '../live/presence.ts';
import { type ClientRow, findClient, isClient, isMember, oneOf, openRound } from '../store/rows.ts';
import { clients, members } from '../store/schema.ts';
import type { HasDb, Queryable } from '../store/store.ts';
import type { HasEvents, LogLine } from '../views/event-log.ts';

/** Who may speak for which client, what clients say about themselves, and when they are gone. */

/** The client that the secret belongs to. Throws `unknown-client`, `unauthorized` or `banned`. */
export async function authenticate(
  { db }: HasDb,
  run: string,
  id: string,
  secret: string,
): Promise<ClientRow> {
  return authenticated(await findClient(db, run, id), run, id, secret);
}

/** As {@link authenticate}, of a row that was read; null: there is none. */
export function authenticated(client: ClientRow | null, run: string, id: string, secret: string): ClientRow {
  if (!client) {
    throw new StrataError('unknown-client', `Run ${run} has no client ${id}.`, 'Connect first.');
  }
  if (!sameHash(client.secretHash, hashSecret(secret))) {
    throw new StrataError(
      'unauthorized',
      `The secret of client ${id} is wrong.`,
      'Join again as a new participant.',
    );
  }
  if (client.banned) throw banned();
  return client;
}

export const banned = () =>
  new StrataError(
    'banned',
    'The operator of this run does not let you take part any more.',
    'If you think that is a mistake, ask whoever invited you.',
  );

/** Of one run, clients that have gone and still wait to be let in; of more the newest. */
const mostAwaited = 200;

/**
 * A client that never answered a round and is not there any more leaves no trace: rows are for those who took part, for
 * those who may not come back, and for those whom the operator has yet to let in, of whom there are {@link mostAwaited}.
 */
export async function forgetUnproven(
  { db, newcomers }: HasDb & HasNewcomers,
  run: string,
  id: string,
): Promise<void> {
  const forgotten = await db
    .delete(clients)
    .where(and(isClient(run, id), unproven, isNobody))
    .returning({ id: clients.id });
  if (forgotten.length > 0) return newcomers.leave(run, id);
  const row = await findClient(db, run, id);
  if (!row?.awaitsApproval || !row.left) return;
  newcomers.leave(run, id);
  const gone = and(eq(clients.run, run), clients.awaitsApproval, clients.left);
  const kept = db
    .select({ id: clients.id })
    .from(clients)
    .where(gone)
    .orderBy(desc(clients.joinedAt))
    .limit(mostAwaited);
  await db.delete(clients).where(and(gone, notInArray(clients.id, kept)));
}

const unproven = and(eq(clients.proven, false), eq(clients.banned, false));
/** Has not said who it is, or has gone and nobody is asked about it. */
const isNobody = or(isNull(clients.hello), and(clients.left, eq(clients.awaitsApproval, false)));

/** First answers counted: their clients have seats from now on; later ones write nothing. Part of the answers' transaction. */
export async function prove(tx: Queryable, run: string, ids: readonly string[]): Promise<void> {
  await tx
    .update(clients)
    .set({ proven: true })
    .where(and(eq(clients.run, run), oneOf(clients.id, ids), eq(clients.proven, false)));
}

/** Pause, resume or goodbye; what is so already changes nothing. */
export async function takeStanding(
  ports: HasDb & HasBus & HasEvents,
  runId: string,
  id: string,
  standing: Standing,
): Promise<void> {
  const { want } = standing;
  switch (want) {
    case 'pause':
    case 'resume': {
      const { db, bus, events } = ports;
      const paused = want === 'pause';
      const before = await findClient(db, runId, id);
      if (before?.paused === paused) return;
      const row = await change(db, runId, id, { paused });
      await events.add(runId, {
        kind: `client-${want}`,
        client: id,
        message: `${row.hello?.name || id} ${want === 'pause' ? 'paused' : 'resumed'}.`,
      });
      return bus.changed(runId);
    }
    case 'leave':
      return standing.why === undefined
        ? clientLeft(ports, runId, id, 'left')
        : clientLeft(ports, runId, id, hadToStop(standing.why), 'participant', 'warning');
    default:
      want satisfies never;
  }
}

/** Completes "NAME ...": in the words of its device, which the operator reads as such. */
const hadToStop = ({ message, hint }: ErrorBody): string =>
  `had to stop, its device says: “${message} ${hint}”`;

async function change(
  db: Queryable,
  run: string,
  id: string,
  values: Partial<ClientRow>,
): Promise<ClientRow> {
  const [row] = await db.update(clients).set(values).where(isClient(run, id)).returning();
  if (row) return row;
  throw new StrataError('unknown-client', `Run ${run} has no client ${id}.`, 'Connect again.');
}

/**
 * The client is gone for this round, and until it says hello again for later ones too.
 * @param why completes the sentence "NAME ...".
 */
export async function clientLeft(
  { db, bus, events }: HasDb & HasBus & HasEvents,
  runId: string,
  client: string,
  why: string,
  source: NonNullable<LogLine['source']> = 'participant',
  level: NonNullable<LogLine['level']> = 'info',
): Promise<void> {
  const [left] = await db
    .update(clients)
    .set({ left: true })
    .where(and(isClient(runId, client), eq(clients.left, false)))
    .returning();
  const round = await openRound(db, runId);
  if (round) {
    await db
      .update(members)
      .set({ left: true })
      .where(isMember({ ...round, client }));
  }
  if (left) {
    const name = left.hello?.name || client;
    await events.add(runId, { level, kind: 'client-left', message: `${name} ${why}.`, client, source });
  }
  bus.changed(runId);
}

/**
 * After a restart everybody who had not left is away, and the grace period begins (R9).
 * @param alone no other server is there, to whom those who have not said hello yet may be connected.
 */
export async function restorePresence({ db, presence }: HasDb & HasPresence, alone: boolean): Promise<void> {
  if (alone) await db.delete(clients).where(and(unproven, isNobody));
  const rows = await db
    .select({ run: clients.run, client: clients.id })
    .from(clients)
    .where(eq(clients.left, false));
  for (const { run, client } of rows) {
    if (presence.state(run, client) === 'left') presence.away(run, client);
  }
}
