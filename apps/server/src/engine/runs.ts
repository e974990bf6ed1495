import { createHash, randomBytes } from 'node:crypto';
import {
  type AuditKind,
  type Checkpoint,
  type RunCommand,
  type RunConfig,
  StrataError,
} from '@strata/fl-core/protocol';
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
import { appendAudit, modelDetails } from '../store/audit-log.ts';
import { findRun, getRun, openRound } from '../store/rows.ts';
import { checkpoints, runs } from '../store/schema.ts';
import type { HasNaming } from '../store/shared-lock.ts';
import type { HasDb, Queryable } from '../store/store.ts';
import type { HasTraces } from '../tracing/traces.ts';
import type { HasEvents } from '../views/event-log.ts';
import type { HasGarbage } from './garbage-collection.ts';
import { abandon } from './steps.ts';

/** How a run begins, what its operator commands, and how it fails. */

export type CreatePorts = HasDb & HasNaming & HasModels & HasBus & HasEvents & HasLimits<'runs'>;

/** A new run in state `draft`, its initial model in the blob store; returns its id. `by` goes on record. Throws `bad-config` or `bad-model`. */
export async function createRun(ports: CreatePorts, wanted: RunConfig, by: string): Promise<string> {
  const { models } = ports;
  const { model } = wanted;
  const config = { ...wanted, model: typeof model === 'string' ? model : await models.resolve(model) };
  checkConfig(config);
  await checkRoom(ports.db, ports.limits);
  return ports.naming.shared(async () => addRun(ports, config, await models.load(config), by, null));
}

/** What a run begins with: files by role, and the layers of round 0. */
export interface Beginning {
  readonly assets: Readonly<Record<string, string>>;
  readonly layers: Checkpoint['layers'];
}

/**
 * Records a new run in draft; returns its id. Its files are there, and stay while this is waited for (`naming`).
 * @param origin goes on record: whose model it begins with, where it is another run's.
 */
export async function addRun(
  { db, bus, events, limits }: HasDb & HasBus & HasEvents & HasLimits<'runs'>,
  config: RunConfig,
  { assets, layers }: Beginning,
  by: string,
  origin: { readonly run: string; readonly round: number } | null,
): Promise<string> {
  const id = `run-${randomBytes(5).toString('hex')}`;
  await checkRoom(db, limits);
  await db.transaction(async (tx) => {
    // Drawn here, so that no participant can know it: ids are the participants' own (R11).
    const sampling = statedSampling(config) ?? randomBytes(32).toString('hex');
    const secrets = { sampling, joinKey: newJoinKey() };
    await tx.insert(runs).values({ id, config, assets, state: 'draft', ...secrets });
    await tx.insert(checkpoints).values({ run: id, round: 0, layers });
    const details = {
      name: config.name,
      config: configHash(config),
      ...(origin === null ? {} : { from: `${origin.run}, round ${origin.round}` }),
      ...modelDetails(0, layers),
    };
    await appendAudit(tx, { who: by, kind: 'run-created', run: id, details });
  });
  const from = origin === null ? '' : ` It begins with the model of ${origin.run}, round ${origin.round}.`;
  await events.add(id, {
    kind: 'run-created',
    source: 'operator',
    message: `Run "${config.name}" was created.${from}`,
  });
  bus.changed(id);
  return id;
}

async function checkRoom(db: Queryable, { runs: most }: HasLimits<'runs'>['limits']): Promise<void> {
  const [{ n } = { n: 0 }] = await db.select({ n: sql<number>`count(*)::int` }).from(runs);
  if (n >= most) {
    throw new StrataError('unavailable', `This server has ${n} runs already.`, 'Start another server.');
  }
}

/** sha256 of the configuration as JSON, its fields as the schema has them. */
const configHash = (config: RunConfig): string =>
  createHash('sha256').update(JSON.stringify(config)).digest('hex');

/** 128 bits. */
const newJoinKey = (): string => randomBytes(16).toString('base64url');

/** The join link of before lets nobody new in; who has joined stays. Throws `unknown-run`. */
export async function renewJoinKey(
  { db, bus, events }: HasDb & HasBus & HasEvents,
  id: string,
  by: string,
): Promise<void> {
  await getRun(db, id);
  await db.transaction(async (tx) => {
    await tx.update(runs).set({ joinKey: newJoinKey() }).where(eq(runs.id, id));
    await appendAudit(tx, { who: by, kind: 'join-link-renewed', run: id });
  });
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

const commandKinds = {
  start: 'run-started',
  pause: 'run-paused',
  resume: 'run-resumed',
  stop: 'run-stopped',
} as const satisfies Record<RunCommand['command'], AuditKind>;

/** `by` goes on record. Throws `unknown-run`, or `wrong-state` when the run cannot do that now. */
export async function commandRun(
  { db, bus, events }: HasDb & HasBus & HasEvents,
  id: string,
  command: RunCommand['command'],
  by: string,
): Promise<void> {
  const { from, to } = commandMoves[command];
  const done = await db.transaction(async (tx) => {
    const rows = await tx
      .update(runs)
      .set({
        state: to,
        ...(command === 'start' ? { startedAt: new Date() } : {}),
        ...(command === 'stop' ? { endedAt: new Date(), reason: stoppedRunReason } : {}),
      })
      .where(and(eq(runs.id, id), inArray(runs.state, [...from])))
      .returning({ id: runs.id });
    if (rows.length > 0) await appendAudit(tx, { who: by, kind: commandKinds[command], run: id });
    return rows.length > 0;
  });
  if (!done) throw wrongState((await getRun(db, id)).state, command);
  await events.add(id, { kind: `run-${command}`, source: 'operator', message: commandMessages[command] });
  bus.changed(id);
}

/** The run cannot go on: its open round is abandoned and its reason shown. Idempotent. */
export async function failRun(
  ports: HasDb & HasBus & HasEvents & HasGarbage & HasTraces,
  id: string,
  reason: string,
): Promise<void> {
  const { db, bus, events } = ports;
  if (!(await findRun(db, id))) return;
  await db.transaction((tx) =>
    tx
      .update(runs)
      .set({ state: 'failed', reason: reason.slice(0, 500), endedAt: new Date() })
      .where(and(eq(runs.id, id), inArray(runs.state, ['running', 'paused']))),
  );
  const round = await openRound(db, id);
  if (round) await abandon(ports, id, round.round, 'the run failed.');
  await events.add(id, { level: 'error', kind: 'run-failed', message: `The run failed: ${reason}` });
  bus.changed(id);
}
