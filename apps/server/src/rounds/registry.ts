import { createHash, timingSafeEqual } from 'node:crypto';
import { type ClientAuth, type Hello, type Standing, StrataError } from '@strata/fl-core/protocol';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { clients } from '../store/schema.ts';
import type { Context } from './context.ts';
import { logEvent } from './events.ts';
import { clientLeft } from './ingest.ts';
import { type ClientRow, findClient, getRun } from './rows.ts';

/** Who may speak for which client, and what clients say about themselves. */

export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** Constant time in the content; both are hex digests of the same length. */
export function sameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** The client that the secret belongs to. Throws `unknown-client` or `unauthorized`. */
export async function authenticate(
  context: Context,
  run: string,
  id: string,
  secret: string,
): Promise<ClientRow> {
  const client = await findClient(context.db, run, id);
  if (!client) {
    throw new StrataError('unknown-client', `Run ${run} has no client ${id}.`, 'Connect first.');
  }
  if (!sameHash(client.secretHash, hashSecret(secret))) throw wrongSecret(id);
  return client;
}

const wrongSecret = (id: string) =>
  new StrataError('unauthorized', `The secret of client ${id} is wrong.`, 'Join again as a new participant.');

/** Registers an id at its first connection; later ones must bring the same secret. */
export async function register(context: Context, auth: ClientAuth): Promise<ClientRow> {
  const { db } = context;
  await getRun(db, auth.run);
  const known = await findClient(db, auth.run, auth.client);
  if (known) return authenticate(context, auth.run, auth.client, auth.secret);
  await checkRoom(context, auth.run);
  const [row] = await db
    .insert(clients)
    .values({ run: auth.run, id: auth.client, secretHash: hashSecret(auth.secret) })
    .onConflictDoNothing()
    .returning();
  return row ?? authenticate(context, auth.run, auth.client, auth.secret);
}

async function checkRoom({ db, limits }: Context, run: string): Promise<void> {
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
export async function forgetSilent({ db }: Context, run: string, id: string): Promise<void> {
  await db.delete(clients).where(and(eq(clients.run, run), eq(clients.id, id), isNull(clients.hello)));
}

/** The client introduces itself, again after every connection. Throws `bad-message`. */
export async function sayHello(
  context: Context,
  runId: string,
  id: string,
  hello: Hello,
): Promise<ClientRow> {
  const run = await getRun(context.db, runId);
  if (hello.classCounts.length !== run.config.labels.length) {
    throw new StrataError(
      'bad-message',
      `classCounts has ${hello.classCounts.length} entries; the run has ${run.config.labels.length} labels.`,
      'Count the samples of each label, in the order of the labels.',
    );
  }
  const before = await findClient(context.db, runId, id);
  const row = await change(context, runId, id, { hello, left: false });
  if (!before?.hello || before.left) {
    await logEvent(context, runId, {
      kind: 'client-joined',
      client: id,
      message: `${hello.name || id} joined with ${hello.samples} samples on ${hello.device.backend}.`,
    });
  }
  context.bus.changed(runId);
  return row;
}

/** Pause, resume or goodbye. */
export async function takeStanding(
  context: Context,
  runId: string,
  id: string,
  { want }: Standing,
): Promise<ClientRow> {
  switch (want) {
    case 'pause':
    case 'resume': {
      const row = await change(context, runId, id, { paused: want === 'pause' });
      await logEvent(context, runId, {
        kind: `client-${want}`,
        client: id,
        message: `${row.hello?.name || id} ${want === 'pause' ? 'paused' : 'resumed'}.`,
      });
      context.bus.changed(runId);
      return row;
    }
    case 'leave': {
      await clientLeft(context, runId, id, 'left');
      return change(context, runId, id, { left: true });
    }
    default:
      return want satisfies never;
  }
}

async function change(
  { db }: Context,
  run: string,
  id: string,
  values: Partial<ClientRow>,
): Promise<ClientRow> {
  const [row] = await db
    .update(clients)
    .set(values)
    .where(and(eq(clients.run, run), eq(clients.id, id)))
    .returning();
  if (row) return row;
  throw new StrataError('unknown-client', `Run ${run} has no client ${id}.`, 'Connect again.');
}
