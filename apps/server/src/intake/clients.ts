import { createHash, timingSafeEqual } from 'node:crypto';
import { type ClientAuth, type Hello, type Standing, StrataError } from '@strata/fl-core/protocol';
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { HasLimits } from '../limits.ts';
import type { HasBus } from '../live/bus.ts';
import type { HasPresence } from '../live/presence.ts';
import { type ClientRow, findClient, getRun, isClient, isMember, openRound } from '../store/rows.ts';
import { clients, members } from '../store/schema.ts';
import type { HasDb, Queryable } from '../store/store.ts';
import type { HasEvents } from '../views/event-log.ts';

/** Who may speak for which client, what clients say about themselves, and when they are gone. */

export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** Constant time in the content; both are hex digests of the same length. */
export function sameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** The client that the secret belongs to. Throws `unknown-client` or `unauthorized`. */
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
  if (!sameHash(client.secretHash, hashSecret(secret))) throw wrongSecret(id);
  return client;
}

const wrongSecret = (id: string) =>
  new StrataError('unauthorized', `The secret of client ${id} is wrong.`, 'Join again as a new participant.');

type RoomLimits = HasLimits<'clientsPerRun' | 'registrationsPerRun'>;

/** Registers an id at its first connection; later ones must bring the same secret. */
export async function register(ports: HasDb & RoomLimits, auth: ClientAuth): Promise<ClientRow> {
  const { db } = ports;
  await getRun(db, auth.run);
  const known = await findClient(db, auth.run, auth.client);
  if (known) return authenticate(ports, auth.run, auth.client, auth.secret);
  await checkRoom(ports, auth.run);
  const [row] = await db
    .insert(clients)
    .values({ run: auth.run, id: auth.client, secretHash: hashSecret(auth.secret) })
    .onConflictDoNothing()
    .returning();
  return row ?? authenticate(ports, auth.run, auth.client, auth.secret);
}

async function checkRoom({ db, limits }: HasDb & RoomLimits, run: string): Promise<void> {
  const [count] = await db
    .select({
      all: sql<number>`count(*)::int`,
      present: sql<number>`(count(*) filter (where not ${clients.left}))::int`,
    })
    .from(clients)
    .where(eq(clients.run, run));
  if (!count || (count.present < limits.clientsPerRun && count.all < limits.registrationsPerRun)) return;
  throw new StrataError('unavailable', 'This run has no room for another participant.', 'Try again later.');
}

/** A registration whose socket went away without a hello leaves no trace. */
export async function forgetSilent({ db }: HasDb, run: string, id: string): Promise<void> {
  await db.delete(clients).where(and(isClient(run, id), isNull(clients.hello)));
}

/** The client introduces itself, again after every connection. Throws `bad-message`. */
export async function sayHello(
  { db, bus, events }: HasDb & HasBus & HasEvents,
  runId: string,
  id: string,
  hello: Hello,
): Promise<void> {
  const run = await getRun(db, runId);
  if (hello.classCounts.length !== run.config.labels.length) {
    throw new StrataError(
      'bad-message',
      `classCounts has ${hello.classCounts.length} entries; the run has ${run.config.labels.length} labels.`,
      'Count the samples of each label, in the order of the labels.',
    );
  }
  const before = await findClient(db, runId, id);
  await change(db, runId, id, { hello, left: false });
  if (!before?.hello || before.left) {
    await events.add(runId, {
      kind: 'client-joined',
      client: id,
      message: `${hello.name || id} joined with ${hello.samples} samples on ${hello.device.backend}.`,
    });
  }
  bus.changed(runId);
}

/** Pause, resume or goodbye. */
export async function takeStanding(
  ports: HasDb & HasBus & HasEvents,
  runId: string,
  id: string,
  { want }: Standing,
): Promise<void> {
  switch (want) {
    case 'pause':
    case 'resume': {
      const { db, bus, events } = ports;
      const row = await change(db, runId, id, { paused: want === 'pause' });
      await events.add(runId, {
        kind: `client-${want}`,
        client: id,
        message: `${row.hello?.name || id} ${want === 'pause' ? 'paused' : 'resumed'}.`,
      });
      return bus.changed(runId);
    }
    case 'leave':
      return clientLeft(ports, runId, id, 'left');
    default:
      want satisfies never;
  }
}

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

/** The client is gone for this round, and until it says hello again for later ones too. */
export async function clientLeft(
  { db, bus, events }: HasDb & HasBus & HasEvents,
  runId: string,
  client: string,
  why: string,
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
    await events.add(runId, { kind: 'client-left', message: `${name} ${why}.`, client });
  }
  bus.changed(runId);
}

/** After a restart everybody who had not left is away, and the grace period begins (R9). */
export async function restorePresence({ db, presence }: HasDb & HasPresence): Promise<void> {
  const rows = await db
    .select({ run: clients.run, client: clients.id })
    .from(clients)
    .where(eq(clients.left, false));
  for (const { run, client } of rows) {
    if (presence.state(run, client) === 'left') presence.away(run, client);
  }
}
