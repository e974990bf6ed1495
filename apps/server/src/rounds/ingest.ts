import type { Readable } from 'node:stream';
import { selectableLayers } from '@strata/fl-core/models/layouts';
import { type Evaluated, type Phase, type Probed, StrataError } from '@strata/fl-core/protocol';
import { checkUpdate, layoutFor, type TimedPhase, trainedLayers, updateLimit } from '@strata/fl-core/rounds';
import { and, eq } from 'drizzle-orm';
import { clients, members } from '../store/schema.ts';
import type { Context, Queryable } from './context.ts';
import { logEvent } from './events.ts';
import { findMember, getRun, lockRound, type MemberRow, openRound, type RunRow } from './rows.ts';
import { TensorFile } from './tensor-file.ts';

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
  const layers = selectableLayers(layoutFor(run.config));
  checkScores(layers, probed.scores);
  const times = run.config.budget.unit === 'milliseconds' ? checkedTimes(layers, client, probed) : null;
  const taken = await context.db.transaction(async (tx) => {
    const member = await expectMember(tx, runId, probed.round, client);
    if (member.row.scores !== null) return false;
    checkPhase(member, 'probing');
    await updateMember(tx, member.row, {
      scores: probed.scores,
      samples: Math.max(1, probed.samples),
      ...times,
    });
    return true;
  });
  if (taken) context.bus.changed(runId);
}

/** Throws `wrong-round`, `wrong-phase`, `not-in-cohort`. */
export async function takeEvaluation(
  context: Context,
  runId: string,
  client: string,
  evaluated: Evaluated,
): Promise<void> {
  const { round, ...evaluation } = evaluated;
  const taken = await context.db.transaction(async (tx) => {
    const member = await expectMember(tx, runId, round, client);
    if (member.row.evaluation !== null) return false;
    checkPhase(member, 'evaluating');
    await updateMember(tx, member.row, { evaluation });
    return true;
  });
  if (taken) context.bus.changed(runId);
}

export interface TakenUpdate {
  readonly sha256: string;
  readonly bytes: number;
  readonly duplicate: boolean;
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
  const expected = await context.db.transaction((tx) => expectMember(tx, runId, round, client));
  const counted = countedUpdate(expected.row);
  if (counted) return counted;
  checkPhase(expected, 'training');
  const layers = layersOf(run, expected.row);
  const spooled = await context.blobs.spool(body, Math.min(context.limits.updateBytes, updateLimit(layers)));
  let kept = false;
  try {
    const file = await TensorFile.open(spooled.path);
    const metadata = await checkUpdate(file, layers).finally(() => file.close());
    const taken = await context.naming.shared(() =>
      context.db.transaction(async (tx): Promise<TakenUpdate> => {
        const member = await expectMember(tx, runId, round, client);
        const before = countedUpdate(member.row);
        if (before) return before;
        checkPhase(member, 'training');
        await spooled.keep();
        kept = true;
        await updateMember(tx, member.row, {
          update: spooled.sha256,
          updateBytes: spooled.bytes,
          samples: metadata.samples,
          trainLoss: metadata.loss,
          seconds: Math.max(0, Date.now() - member.began) / 1000,
        });
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

interface Expected {
  readonly row: MemberRow;
  readonly phase: Phase;
  /** When the present phase began; milliseconds since the epoch. */
  readonly began: number;
}

/** The member row of an answer to `round`, which is locked until the transaction ends. */
async function expectMember(tx: Queryable, run: string, round: number, client: string): Promise<Expected> {
  const open = await openRound(tx, run);
  const locked = open && (await lockRound(tx, run, open.round));
  if (locked?.round !== round) {
    throw new StrataError(
      'wrong-round',
      locked ? `Round ${round} is not open; round ${locked.round} is.` : `Round ${round} is not open.`,
      'Ask for your work and go on with that.',
    );
  }
  const row = await findMember(tx, run, round, client);
  if (!row) {
    throw new StrataError(
      'not-in-cohort',
      `Client ${client} is not in the cohort of round ${round}.`,
      'Wait for the next round.',
    );
  }
  return { row, phase: locked.phase, began: locked.began[locked.phase] ?? Date.now() };
}

function checkPhase({ row, phase }: Expected, wanted: TimedPhase): void {
  if (row.left) {
    throw new StrataError(
      'not-in-cohort',
      `Client ${row.client} has left round ${row.round}.`,
      'Wait for the next round.',
    );
  }
  if (phase !== wanted || (wanted === 'training' && row.mask === null)) {
    throw new StrataError(
      'wrong-phase',
      `Round ${row.round} is in ${phase} and takes no answer to ${wanted} from client ${row.client}.`,
      'Ask for your work and go on with that.',
    );
  }
}

function checkScores(layers: readonly string[], scores: Probed['scores']): void {
  const missing = layers.find((layer) => !Object.hasOwn(scores, layer));
  const extra = Object.keys(scores).find((name) => !layers.includes(name));
  if (missing === undefined && extra === undefined) return;
  throw new StrataError(
    'wrong-scores',
    missing === undefined
      ? `There is no layer ${extra} to score.`
      : `The score of layer ${missing} is missing.`,
    `Send one score for each of ${layers.join(', ')}.`,
  );
}

/** A run whose budgets are milliseconds cannot choose for a client without knowing its speed. */
function checkedTimes(
  layers: readonly string[],
  client: string,
  { times, steps }: Probed,
): Pick<MemberRow, 'times' | 'steps'> {
  const hint =
    'Send base, passing and training in milliseconds for every layer, and the steps of a round; reload the page if it is of an older version.';
  if (!times || !steps) {
    throw new StrataError('wrong-scores', `The probe of ${client} brought no times and steps.`, hint);
  }
  for (const part of [times.passing, times.training]) {
    const missing = layers.find((layer) => !Object.hasOwn(part, layer));
    if (missing === undefined && Object.keys(part).length === layers.length) continue;
    throw new StrataError(
      'wrong-scores',
      missing === undefined
        ? 'The probe brought times of a layer that there is not.'
        : `The probe brought no time of layer ${missing}.`,
      hint,
    );
  }
  return { times, steps };
}

function countedUpdate(row: MemberRow): TakenUpdate | null {
  if (row.update === null) return null;
  return { sha256: row.update, bytes: row.updateBytes ?? 0, duplicate: true };
}

function layersOf(run: RunRow, member: MemberRow) {
  const layout = layoutFor(run.config);
  const names = new Set(trainedLayers(layout, member.mask ?? []));
  return layout.layers.filter((l) => names.has(l.name));
}

async function updateMember(tx: Queryable, row: MemberRow, values: Partial<MemberRow>): Promise<void> {
  await tx
    .update(members)
    .set(values)
    .where(and(eq(members.run, row.run), eq(members.round, row.round), eq(members.client, row.client)));
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
