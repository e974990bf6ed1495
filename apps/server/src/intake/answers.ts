import type { Readable } from 'node:stream';
import { type Evaluated, type Probed, StrataError, type UpdateSignature } from '@strata/fl-core/protocol';
import {
  checkMaskedFile,
  checkUpdate,
  countedBefore,
  evaluationOf,
  isNewAnswer,
  layersToSend,
  type MemberChange,
  maskedLimit,
  type Place,
  placeIn,
  probeOf,
  type TakenUpdate,
  type TimedPhase,
  type UpdateFile,
  updateLimit,
  updateOf,
} from '@strata/fl-core/rounds';
import type { HasAllowance } from '../entry/allowance.ts';
import type { HasNewcomers } from '../entry/newcomers.ts';
import type { HasLimits } from '../limits.ts';
import type { HasBus } from '../live/bus.ts';
import { now } from '../live/clock.ts';
import type { HasSealedPhases } from '../sealed/phases.ts';
import type { HasBlobs } from '../store/blobs.ts';
import {
  findMember,
  getRun,
  isMember,
  lockRound,
  openRound,
  type RoundRow,
  type RunRow,
} from '../store/rows.ts';
import { members } from '../store/schema.ts';
import type { HasNaming } from '../store/shared-lock.ts';
import type { HasDb, Queryable } from '../store/store.ts';
import type { HasEvents } from '../views/event-log.ts';
import { prove } from './clients.ts';
import { checkSignature, holdToKey } from './signatures.ts';

/**
 * What clients answer to a round. Every answer becomes a row first; then the bus says that the run has changed, and
 * its phase is looked at again (R3, engine/workflow.ts). Repeating an answer that was counted is acknowledged and
 * changes nothing (R4).
 */

export type AnswerPorts = HasDb & HasBus & HasNewcomers & HasAllowance;

/** Throws `wrong-round`, `wrong-phase`, `not-in-cohort`, `wrong-scores`. */
export async function takeProbe(
  ports: AnswerPorts,
  runId: string,
  client: string,
  probed: Probed,
): Promise<void> {
  const run = await getRun(ports.db, runId);
  const answer = probeOf(run.config, client, probed);
  await takeAnswer(ports, runId, client, 'probing', probed.round, answer);
}

/** Throws `wrong-round`, `wrong-phase`, `not-in-cohort`. */
export async function takeEvaluation(
  ports: AnswerPorts,
  runId: string,
  client: string,
  evaluated: Evaluated,
): Promise<void> {
  await takeAnswer(ports, runId, client, 'evaluating', evaluated.round, evaluationOf(evaluated));
}

async function takeAnswer(
  ports: AnswerPorts,
  run: string,
  client: string,
  phase: TimedPhase,
  round: number,
  answer: MemberChange,
): Promise<void> {
  const taken = await ports.db.transaction(async (tx) => {
    const place = await lockPlace(tx, run, round, client);
    if (!isNewAnswer(place, phase)) return false;
    await recordAnswer(ports, tx, place, answer);
    return true;
  });
  if (taken) counted(ports, run, client);
}

/** An answer of the client counted: it takes part, and what it asked meanwhile is forgiven. */
export function counted({ bus, newcomers, allowance }: AnswerPorts, run: string, client: string): void {
  newcomers.leave(run, client);
  allowance.useful(run, client);
  bus.changed(run);
}

export type UpdatePorts = AnswerPorts &
  HasBlobs &
  HasNaming &
  HasEvents &
  HasSealedPhases &
  HasLimits<'updateBytes'>;

/** What a run takes as an update: in the clear, or masked words. */
interface Upload {
  readonly phase: 'training' | 'uploading';
  /** Largest that it may be, in bytes. */
  readonly limit: number;
  /** Checks what has arrived; gives what it says of its member. Throws every code of R5. */
  answer(content: UpdateFile, arrived: Pick<TakenUpdate, 'sha256' | 'bytes'>): (place: Place) => MemberChange;
}

/**
 * Streams an update to disk, checks it there and counts it once. What is refused before the body arrives is
 * refused without reading it. Throws every code of R5, `too-large`, `bad-safetensors`, `wrong-signature` and `wrong-key`.
 */
export async function takeUpdate(
  ports: UpdatePorts,
  runId: string,
  round: number,
  client: string,
  body: Readable,
  signature: UpdateSignature | null,
): Promise<TakenUpdate> {
  const { db, blobs, naming, events, limits } = ports;
  const run = await getRun(db, runId);
  // Without a lock, which would be a write and a wait for the disk: it is asked again when the body is there.
  const open = await openRound(db, runId);
  const expected = placeIn(open, round, client, await findMember(db, runId, round, client));
  const upload = await uploadOf(ports, run, open, expected);
  const earlier = countedBefore(expected, upload.phase);
  if (earlier) return earlier;
  const spooled = await blobs.spool(body, Math.min(limits.updateBytes, upload.limit));
  let kept = false;
  try {
    const { content, ...arrived } = spooled;
    if (content.kind === 'refused') throw StrataError.fromBody(content.body);
    const answerOf = upload.answer(content, arrived);
    await checkSignature(signature, { run: runId, round, client, sha256: spooled.sha256 });
    const taken = await naming.shared(() =>
      db.transaction(async (tx): Promise<TakenUpdate> => {
        const place = await lockPlace(tx, runId, round, client);
        const before = countedBefore(place, upload.phase);
        if (before) return before;
        await holdToKey(tx, runId, client, signature);
        await spooled.keep();
        kept = true;
        await recordAnswer(ports, tx, place, { ...answerOf(place), signature });
        return { sha256: spooled.sha256, bytes: spooled.bytes, duplicate: false };
      }),
    );
    if (!taken.duplicate) counted(ports, runId, client);
    return taken;
  } catch (error) {
    if (error instanceof StrataError) {
      await events.add(runId, {
        level: 'warning',
        kind: 'update-refused',
        round,
        client,
        message: `An update of ${client} was refused (${error.code}): ${error.message}`,
      });
    }
    throw error;
  } finally {
    if (!kept) await spooled.discard();
  }
}

/** Throws `bad-request` for an update of a sealed run while it is in training: such a run takes none in the clear. */
async function uploadOf(
  { sealedPhases }: HasSealedPhases,
  run: RunRow,
  round: RoundRow | null,
  { member }: Place,
): Promise<Upload> {
  const at = round && round.phase !== 'training' ? await sealedPhases.of(run, round) : null;
  if (at === null) {
    const layers = layersToSend(run.config, member);
    return {
      phase: 'training',
      limit: updateLimit(layers),
      answer: (content, arrived) => {
        const metadata = checkUpdate(content, layers);
        return (place) => updateOf(place, { ...arrived, length: content.length }, metadata, now());
      },
    };
  }
  const { client } = member;
  return {
    phase: 'uploading',
    limit: maskedLimit(at.plan, client),
    answer: ({ header }, { sha256, bytes }) => {
      checkMaskedFile(at.plan, at.sharers, client, header);
      return () => ({ update: sha256, updateBytes: bytes });
    },
  };
}

/** The place of a client that answers to `round`, which is locked until the transaction ends. */
export async function lockPlace(tx: Queryable, run: string, round: number, client: string): Promise<Place> {
  const open = await openRound(tx, run);
  const locked = open && (await lockRound(tx, run, open.round));
  return placeIn(locked, round, client, await findMember(tx, run, round, client));
}

async function recordAnswer(
  ports: HasNewcomers,
  tx: Queryable,
  place: Place,
  answer: MemberChange & { readonly signature?: UpdateSignature | null },
): Promise<void> {
  await tx.update(members).set(answer).where(isMember(place.member));
  await noteAnswer(ports, tx, place);
}

/** Part of the transaction of each answer that counts. */
export async function noteAnswer(
  { newcomers }: HasNewcomers,
  tx: Queryable,
  { member }: Place,
): Promise<void> {
  const { run, client } = member;
  if (newcomers.maybeNew(run, client)) await prove(tx, run, client);
}
