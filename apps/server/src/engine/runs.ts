import { randomBytes } from 'node:crypto';
import { type RunCommand, type RunConfig, StrataError } from '@strata/fl-core/protocol';
import {
  checkConfig,
  commandMoves,
  statedSampling,
  stoppedRunReason,
  wrongState,
} from '@strata/fl-core/rounds';
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { HasLimits } from '../limits.ts';
import type { HasBus } from '../live/bus.ts';
import type { HasModels } from '../models/source.ts';
import { findRun, getRun, openRound } from '../store/rows.ts';
import { checkpoints, runs } from '../store/schema.ts';
import type { HasNaming } from '../store/shared-lock.ts';
import type { HasDb } from '../store/store.ts';
import type { HasEvents } from '../views/event-log.ts';
import type { HasGarbage } from './garbage-collection.ts';
import { abandon } from './steps.ts';

/** How a run begins, what its operator commands, and how it fails. */

export type CreatePorts = HasDb & HasNaming & HasModels & HasBus & HasEvents & HasLimits<'runs'>;

/** A new run in state `draft`, its initial model in the blob store; returns its id. Throws `bad-config` or `bad-model`. */
export async function createRun(
  { db, naming, models, bus, events, limits }: CreatePorts,
  wanted: RunConfig,
): Promise<string> {
  const { model } = wanted;
  const config = { ...wanted, model: typeof model === 'string' ? model : await models.resolve(model) };
  checkConfig(config);
  const [{ n } = { n: 0 }] = await db.select({ n: sql<number>`count(*)::int` }).from(runs);
  if (n >= limits.runs) {
    throw new StrataError('unavailable', `This server has ${n} runs already.`, 'Start another server.');
  }
  const id = `run-${randomBytes(5).toString('hex')}`;
  await naming.shared(async () => {
    const { layers, assets } = await models.load(config);
    await db.transaction(async (tx) => {
      // Drawn here, so that no participant can know it: ids are the participants' own (R11).
      const sampling = statedSampling(config) ?? randomBytes(32).toString('hex');
      const secrets = { sampling, joinKey: newJoinKey() };
      await tx.insert(runs).values({ id, config, assets, state: 'draft', ...secrets });
      await tx.insert(checkpoints).values({ run: id, round: 0, layers });
    });
  });
  await events.add(id, {
    kind: 'run-created',
    source: 'operator',
    message: `Run "${config.name}" was created.`,
  });
  bus.changed(id);
  return id;
}

/** 128 bits. */
const newJoinKey = (): string => randomBytes(16).toString('base64url');

/** The join link of before lets nobody new in; who has joined stays. Throws `unknown-run`. */
export async function renewJoinKey(
  { db, bus, events }: HasDb & HasBus & HasEvents,
  id: string,
): Promise<void> {
  await getRun(db, id);
  await db.update(runs).set({ joinKey: newJoinKey() }).where(eq(runs.id, id));
  await events.add(id, {
    kind: 'join-link-renewed',
    source: 'operator',
    message: 'The operator renewed the join link; the one of before lets nobody new in.',
  });
  bus.changed(id);
}

const commandMessages = {
  start: 'The operator started the run.',
  pause: 'The operator paused the run; the open round goes on, no new one begins.',
  resume: 'The operator resumed the run.',
  stop: 'The operator stopped the run.',
} as const satisfies Record<RunCommand['command'], string>;

/** Throws `unknown-run`, or `wrong-state` when the run cannot do that now. */
export async function commandRun(
  { db, bus, events }: HasDb & HasBus & HasEvents,
  id: string,
  command: RunCommand['command'],
): Promise<void> {
  const { from, to } = commandMoves[command];
  const [row] = await db
    .update(runs)
    .set({
      state: to,
      ...(command === 'start' ? { startedAt: new Date() } : {}),
      ...(command === 'stop' ? { endedAt: new Date(), reason: stoppedRunReason } : {}),
    })
    .where(and(eq(runs.id, id), inArray(runs.state, [...from])))
    .returning({ id: runs.id });
  if (!row) throw wrongState((await getRun(db, id)).state, command);
  await events.add(id, { kind: `run-${command}`, source: 'operator', message: commandMessages[command] });
  bus.changed(id);
}

/** The run cannot go on: its open round is abandoned and its reason shown. Idempotent. */
export async function failRun(
  ports: HasDb & HasBus & HasEvents & HasGarbage,
  id: string,
  reason: string,
): Promise<void> {
  const { db, bus, events } = ports;
  if (!(await findRun(db, id))) return;
  await db
    .update(runs)
    .set({ state: 'failed', reason: reason.slice(0, 500), endedAt: new Date() })
    .where(and(eq(runs.id, id), inArray(runs.state, ['running', 'paused'])));
  const round = await openRound(db, id);
  if (round) await abandon(ports, id, round.round, 'the run failed.');
  await events.add(id, { level: 'error', kind: 'run-failed', message: `The run failed: ${reason}` });
  bus.changed(id);
}
