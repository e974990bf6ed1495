import { isDeepStrictEqual } from 'node:util';
import {
  type ClientAuth,
  type ErrorBody,
  type Hello,
  type Standing,
  StrataError,
  saidTo,
} from '@strata/fl-core/protocol';
import { and, desc, eq, isNull, notInArray, or, sql } from 'drizzle-orm';
import type { HasAllowance } from '../entry/allowance.ts';
import type { HasNewcomers } from '../entry/newcomers.ts';
import { hashSecret, sameHash } from '../entry/secrets.ts';
import type { HasLimits } from '../limits.ts';
import type { HasBus } from '../live/bus.ts';
import type { HasPresence } from '../live/presence.ts';
import { type ClientRow, findClient, getRun, isClient, isMember, openRound } from '../store/rows.ts';
import { clients, members } from '../store/schema.ts';
import type { HasDb, Queryable } from '../store/store.ts';
import type { HasEvents, LogLine } from '../views/event-log.ts';
import { wayIn } from './invitations.ts';

/** Who may speak for which client, what clients say about themselves, and when they are gone. */

/** The client that the secret belongs to. Throws `unknown-client`, `unauthorized` or `banned`. */
export async function authenticate(
  { db }: HasDb,
  run: string,
  id: string,
  secret: string,
): Promise<ClientRow> {
  const client = await findClient(db, run, id);
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

type RegisterPorts = HasDb &
  HasBus &
  HasEvents &
  HasAllowance &
  HasNewcomers &
  HasLimits<'clientsPerRun' | 'registrationsPerRun'>;

/**
 * Registers an id at its first connection, if it is invited and there is room; later ones must bring the same secret.
 * Throws `rate-limited`, `unknown-run`, `not-invited`, `unauthorized`, `banned` or `unavailable`.
 */
export async function register(ports: RegisterPorts, auth: ClientAuth, address: string): Promise<ClientRow> {
  const { db, allowance, newcomers } = ports;
  const { run: runId, client: id, secret } = auth;
  allowance.connect(address, runId, id);
  const run = await getRun(db, runId);
  if (await findClient(db, runId, id)) {
    const known = await authenticate(ports, runId, id, secret);
    if (!known.proven) await makeRoom(ports, runId, id, address);
    return known;
  }
  await db.transaction((tx) => wayIn(tx, run, auth.key));
  allowance.register(address, runId);
  await checkSeats(ports, runId);
  await makeRoom(ports, runId, id, address);
  try {
    const row = await db.transaction(async (tx) => {
      // Again, and for good: of two who come by the last place of an invitation one has it.
      const invitation = await wayIn(tx, run, auth.key);
      const [made] = await tx
        .insert(clients)
        .values({
          run: runId,
          id,
          secretHash: hashSecret(secret),
          invitation,
          awaitsApproval: run.config.approval,
        })
        .onConflictDoNothing()
        .returning();
      return made;
    });
    return row ?? (await authenticate(ports, runId, id, secret));
  } catch (error) {
    newcomers.leave(runId, id);
    throw error;
  }
}

/** Lets a client in among those that have not answered yet; another one may have to go for it. */
async function makeRoom(
  ports: HasDb & HasBus & HasEvents & HasNewcomers,
  run: string,
  id: string,
  address: string,
): Promise<void> {
  const loser = ports.newcomers.enter(run, id, address);
  if (loser === null) return;
  await clientLeft(ports, run, loser, 'gave way to a newcomer from elsewhere, having answered nothing yet');
  ports.bus.dismissed(run, loser, null);
}

/** Throws `unavailable` where a run has as many participants as it may have. */
export async function checkSeats(
  { db, limits }: HasDb & HasLimits<'clientsPerRun' | 'registrationsPerRun'>,
  run: string,
): Promise<void> {
  const [count] = await db
    .select({
      all: sql<number>`count(*)::int`,
      present: sql<number>`(count(*) filter (where not ${clients.left}))::int`,
    })
    .from(clients)
    .where(and(eq(clients.run, run), clients.proven));
  if (!count || (count.present < limits.clientsPerRun && count.all < limits.registrationsPerRun)) return;
  throw new StrataError('unavailable', 'This run has no room for another participant.', 'Try again later.');
}

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

/** A first answer counted: the client has a seat from now on; later ones write nothing. Part of the answer's transaction. */
export async function prove(tx: Queryable, run: string, id: string): Promise<void> {
  await tx
    .update(clients)
    .set({ proven: true })
    .where(and(isClient(run, id), eq(clients.proven, false)));
}

/**
 * The client introduces itself, again after every connection; one that says what is known already changes nothing.
 * @returns whether something changed. Throws `bad-message`.
 */
export async function sayHello(
  { db, events }: HasDb & HasEvents,
  runId: string,
  id: string,
  said: Hello,
): Promise<boolean> {
  const { sealing } = (await getRun(db, runId)).config.aggregation;
  // A client that says more than it should is not put on record with it.
  const hello = saidTo(sealing, said);
  const before = await findClient(db, runId, id);
  if (before?.banned) throw banned();
  if (before && !before.left && isDeepStrictEqual(before.hello, hello)) return false;
  await change(db, runId, id, { hello, left: false });
  if (!before?.hello || before.left) {
    const name = hello.name || id;
    const awaits = before?.awaitsApproval === true;
    await events.add(runId, {
      kind: awaits ? 'client-waits' : 'client-joined',
      client: id,
      message: awaits
        ? `${name} waits for the operator to let it in.`
        : `${name} joined${sealing.kind === 'open' ? ` with ${hello.samples} samples` : ''} on ${hello.device.backend}.`,
    });
  }
  return true;
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
