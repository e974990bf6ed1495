import type { Readable } from 'node:stream';
import { type Evaluated, type Probed, StrataError } from '@strata/fl-core/protocol';
import {
  checkUpdate,
  countedBefore,
  evaluationOf,
  isNewAnswer,
  layersToSend,
  type MemberChange,
  type Place,
  placeIn,
  probeOf,
  type TakenUpdate,
  type TimedPhase,
  updateLimit,
  updateOf,
} from '@strata/fl-core/rounds';
import { and, eq } from 'drizzle-orm';
import { clients, members } from '../store/schema.ts';
import type { Context, Queryable } from './context.ts';
import { logEvent } from './events.ts';
import { findMember, getRun, lockRound, openRound } from './rows.ts';
import { TensorFile } from './tensor-file.ts';
import { changeMember } from './transitions.ts';

/**
 * Takes in what clients send. Every answer becomes a row first; then the phase is looked at again (R3).
 * Repeating an answer that was counted is acknowledged and changes nothing (R4).
 */

/** Throws `wrong-round`, `wrong-phase`, `not-in-cohort`, `wrong-scores`. */
export async function takeProbe(
  context: Context,
  runId: string,
  client: string,
  probed: Probed,
): Promise<void> {
  const run = await getRun(context.db, runId);
  const answer = probeOf(run.config, client, probed);
  await takeAnswer(context, runId, client, 'probing', probed.round, answer);
}

/** Throws `wrong-round`, `wrong-phase`, `not-in-cohort`. */
export async function takeEvaluation(
  context: Context,
  runId: string,
  client: string,
  evaluated: Evaluated,
): Promise<void> {
  await takeAnswer(context, runId, client, 'evaluating', evaluated.round, evaluationOf(evaluated));
}

async function takeAnswer(
  context: Context,
  run: string,
  client: string,
  phase: TimedPhase,
  round: number,
  answer: MemberChange,
): Promise<void> {
  const taken = await context.db.transaction(async (tx) => {
    const place = await lockPlace(tx, run, round, client);
    if (!isNewAnswer(place, phase)) return false;
    await changeMember(tx, place.member, answer);
    return true;
  });
  if (taken) context.bus.changed(run);
}

/**
 * Streams an update to disk, checks it there and counts it once. What is refused before the body arrives is
 * refused without reading it. Throws every code of R5, `too-large` and `bad-safetensors`.
 */
export async function takeUpdate(
  context: Context,
  runId: string,
  round: number,
  client: string,
  body: Readable,
): Promise<TakenUpdate> {
  const run = await getRun(context.db, runId);
  const expected = await context.db.transaction((tx) => lockPlace(tx, runId, round, client));
  const counted = countedBefore(expected);
  if (counted) return counted;
  const layers = layersToSend(run.config, expected.member);
  const spooled = await context.blobs.spool(body, Math.min(context.limits.updateBytes, updateLimit(layers)));
  let kept = false;
  try {
    const file = await TensorFile.open(spooled.path);
    const metadata = await checkUpdate(file, layers).finally(() => file.close());
    const taken = await context.naming.shared(() =>
      context.db.transaction(async (tx): Promise<TakenUpdate> => {
        const place = await lockPlace(tx, runId, round, client);
        const before = countedBefore(place);
        if (before) return before;
        await spooled.keep();
        kept = true;
        await changeMember(tx, place.member, updateOf(place, spooled, metadata, Date.now()));
        return { sha256: spooled.sha256, bytes: spooled.bytes, duplicate: false };
      }),
    );
    if (!taken.duplicate) context.bus.changed(runId);
    return taken;
  } catch (error) {
    if (error instanceof StrataError) await logRefused(context, runId, round, client, error);
    throw error;
  } finally {
    if (!kept) await spooled.discard();
  }
}

/** The client is gone for this round, and until it says hello again for later ones too. */
export async function clientLeft(
  context: Context,
  runId: string,
  client: string,
  why: string,
): Promise<void> {
  const { db } = context;
  const [left] = await db
    .update(clients)
    .set({ left: true })
    .where(and(eq(clients.run, runId), eq(clients.id, client), eq(clients.left, false)))
    .returning();
  const round = await openRound(db, runId);
  if (round) {
    await db
      .update(members)
      .set({ left: true })
      .where(and(eq(members.run, runId), eq(members.round, round.round), eq(members.client, client)));
  }
  if (left) {
    const name = left.hello?.name || client;
    await logEvent(context, runId, { kind: 'client-left', message: `${name} ${why}.`, client });
  }
  context.bus.changed(runId);
}

/** The place of a client that answers to `round`, which is locked until the transaction ends. */
async function lockPlace(tx: Queryable, run: string, round: number, client: string): Promise<Place> {
  const open = await openRound(tx, run);
  const locked = open && (await lockRound(tx, run, open.round));
  return placeIn(locked, round, client, await findMember(tx, run, round, client));
}

function logRefused(context: Context, run: string, round: number, client: string, error: StrataError) {
  return logEvent(context, run, {
    level: 'warning',
    kind: 'update-refused',
    round,
    client,
    message: `An update of ${client} was refused (${error.code}): ${error.message}`,
  });
}
