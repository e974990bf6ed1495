import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import {
  type Evaluated,
  type Probed,
  StrataError,
  secretSampling,
  type UpdateSignature,
} from '@strata/fl-core/protocol';
import {
  checkMaskedFile,
  checkSent,
  checkUpdate,
  countedBefore,
  evaluationOf,
  isNewAnswer,
  layerNorms,
  layersToSend,
  type MemberChange,
  mapInRound,
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
import type { HasLimits } from '../limits.ts';
import { now } from '../live/clock.ts';
import type { HasMeasured } from '../live/measured.ts';
import type { HasSealedPhases } from '../sealed/phases.ts';
import type { HasBlobs, SpooledFile } from '../store/blobs.ts';
import { findMember, lockRound, openRound, type RoundRow, type RunRow } from '../store/rows.ts';
import type { HasStandings, Standing } from '../store/standings.ts';
import type { Queryable } from '../store/store.ts';
import { type HasTraces, noTraces } from '../tracing/traces.ts';
import type { HasEvents } from '../views/event-log.ts';
import type { HasAnswerLots } from './answer-lots.ts';
import { checkSignature } from './signatures.ts';

/**
 * What clients answer to a round. Every answer becomes a row first; then the bus says that the run has changed, and
 * its phase is looked at again (R3, engine/workflow.ts). Repeating an answer that was counted is acknowledged and
 * changes nothing (R4).
 */

type CheckPorts = HasStandings & HasAnswerLots;

/** Throws `wrong-round`, `wrong-phase`, `not-in-cohort`, `wrong-scores`. */
export async function takeProbe(
  ports: CheckPorts,
  runId: string,
  client: string,
  probed: Probed,
): Promise<void> {
  const { run } = await ports.standings.of(runId, client);
  const answer = probeOf(run.config, client, probed);
  await takeAnswer(ports, runId, client, 'probing', probed.round, answer);
}

/** Throws `wrong-round`, `wrong-phase`, `not-in-cohort`. */
export async function takeEvaluation(
  ports: HasAnswerLots,
  runId: string,
  client: string,
  evaluated: Evaluated,
): Promise<void> {
  await takeAnswer(ports, runId, client, 'evaluating', evaluated.round, evaluationOf(evaluated));
}

async function takeAnswer(
  { answerLots }: HasAnswerLots,
  run: string,
  client: string,
  phase: TimedPhase,
  round: number,
  change: MemberChange,
): Promise<void> {
  const take = (place: Place) => (isNewAnswer(place, phase) ? change : null);
  await answerLots.count(run, { client, round, take });
}

export type UpdatePorts = CheckPorts &
  HasBlobs &
  HasEvents &
  HasSealedPhases &
  HasMeasured &
  HasTraces &
  HasLimits<'updateBytes'>;

/** What a run takes as an update: in the clear, or masked words. */
interface Upload {
  readonly phase: 'training' | 'uploading';
  /** Largest that it may be, in bytes. */
  readonly limit: number;
  /** Checks what has arrived; gives what it says of its member. Throws every code of R5. */
  answer(
    content: UpdateFile,
    arrived: Pick<SpooledFile, 'sha256' | 'bytes' | 'path'>,
  ): Promise<(place: Place) => MemberChange>;
}

/**
 * Streams an update to disk, checks it there and counts it once. What is refused before the body arrives is
 * refused without reading it.
 * @param standing read since the request came. Throws every code of R5, `too-large`, `bad-safetensors`,
 *   `wrong-signature` and `wrong-key`.
 */
export async function takeUpdate(
  ports: UpdatePorts,
  { run, round: newest, member }: Standing,
  round: number,
  client: string,
  body: Readable,
  signature: UpdateSignature | null,
): Promise<TakenUpdate> {
  const { blobs, events, limits } = ports;
  // Without a lock, which would be a write and a wait for the disk: it is asked again when the body is there.
  const expected = placeIn(newest, round, client, member, run.config.cohort);
  const upload = await uploadOf(ports, run, newest, expected);
  const earlier = countedBefore(expected, upload.phase);
  if (earlier) return earlier;
  // Who sends in a cohort that is drawn in secret, and how many do, no span tells (R14).
  const { within } = secretSampling(run.config) === null ? ports.traces : noTraces;
  const at = { run: run.id, round, phase: upload.phase };
  const spooled = await within(at, 'receive', { 'strata.client': client }, async (note) => {
    const arrived = await blobs.spool(body, Math.min(limits.updateBytes, upload.limit));
    note({ 'strata.bytes': arrived.bytes });
    return arrived;
  });
  let kept = false;
  const check = async (): Promise<TakenUpdate> => {
    const { content, ...arrived } = spooled;
    if (content.kind === 'refused') throw StrataError.fromBody(content.body);
    const answerOf = await upload.answer(content, arrived);
    await checkSignature(signature, { run: run.id, round, client, sha256: spooled.sha256 });
    const { place, counted } = await ports.answerLots.count(run.id, {
      client,
      round,
      cohort: run.config.cohort,
      signature,
      take: (place) => (countedBefore(place, upload.phase) ? null : answerOf(place)),
      keep: async () => {
        if (kept) return;
        await spooled.keep();
        kept = true;
      },
    });
    const before = counted ? null : countedBefore(place, upload.phase);
    return before ?? { sha256: spooled.sha256, bytes: spooled.bytes, duplicate: false };
  };
  try {
    return await within(at, 'check', { 'strata.client': client, 'strata.bytes': spooled.bytes }, check);
  } catch (error) {
    if (error instanceof StrataError) {
      await events.add(run.id, {
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
  { sealedPhases, measured }: HasSealedPhases & HasMeasured,
  run: RunRow,
  round: RoundRow | null,
  { round: open, member }: Place,
): Promise<Upload> {
  const at = round && round.phase !== 'training' ? await sealedPhases.of(run, round) : null;
  if (at === null) {
    const layers = layersToSend(run.config, open, member);
    const map = mapInRound(run.config, open);
    return {
      phase: 'training',
      limit: updateLimit(layers),
      answer: async (content, arrived) => {
        const metadata = checkUpdate(content, layers);
        if (map !== null) checkSent(map, await readFile(arrived.path));
        measured.add(arrived.sha256, layerNorms(content, layers));
        return (place) =>
          updateOf(run.config, place, { ...arrived, squares: content.squares }, metadata, now());
      },
    };
  }
  const { client } = member;
  return {
    phase: 'uploading',
    limit: maskedLimit(at.plan, client),
    answer: async ({ header }, { sha256, bytes }) => {
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
