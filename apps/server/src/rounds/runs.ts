import { randomBytes } from 'node:crypto';
import { type RunCommand, type RunConfig, StrataError } from '@strata/fl-core/protocol';
import { checkConfig, commandMoves, stoppedRunReason, wrongState } from '@strata/fl-core/rounds';
import { and, eq, inArray, sql } from 'drizzle-orm';
import { checkpoints, clients, runs } from '../store/schema.ts';
import type { Context } from './context.ts';
import { logEvent } from './events.ts';
import { findRun, getRun, openRound, type RunRow } from './rows.ts';
import { abandon } from './transitions.ts';

/** A new run in state `draft`, its initial model in the blob store. Throws `bad-config` or `bad-model`. */
export async function createRun(context: Context, wanted: RunConfig): Promise<RunRow> {
  const { model } = wanted;
  const config = {
    ...wanted,
    model: typeof model === 'string' ? model : await context.models.resolve(model),
  };
  checkConfig(config);
  const { db, limits } = context;
  const [{ n } = { n: 0 }] = await db.select({ n: sql<number>`count(*)::int` }).from(runs);
  if (n >= limits.runs) {
    throw new StrataError('unavailable', `This server has ${n} runs already.`, 'Start another server.');
  }
  const id = `run-${randomBytes(5).toString('hex')}`;
  const run = await context.naming.shared(async () => {
    const { layers, assets } = await context.models.load(config);
    return db.transaction(async (tx) => {
      const [row] = await tx.insert(runs).values({ id, config, assets, state: 'draft' }).returning();
      await tx.insert(checkpoints).values({ run: id, round: 0, layers });
      return row;
    });
  });
  await logEvent(context, id, { kind: 'run-created', message: `Run "${config.name}" was created.` });
  context.bus.changed(id);
  return run ?? getRun(db, id);
}

const commandMessages = {
  start: 'The operator started the run.',
  pause: 'The operator paused the run; the open round goes on, no new one begins.',
  resume: 'The operator resumed the run.',
  stop: 'The operator stopped the run.',
} as const satisfies Record<RunCommand['command'], string>;

/** Throws `unknown-run`, or `wrong-state` when the run cannot do that now. */
export async function commandRun(
  context: Context,
  id: string,
  command: RunCommand['command'],
): Promise<RunRow> {
  const { from, to } = commandMoves[command];
  const [row] = await context.db
    .update(runs)
    .set({
      state: to,
      ...(command === 'start' ? { startedAt: new Date() } : {}),
      ...(command === 'stop' ? { endedAt: new Date(), reason: stoppedRunReason } : {}),
    })
    .where(and(eq(runs.id, id), inArray(runs.state, [...from])))
    .returning();
  if (!row) {
    throw wrongState((await getRun(context.db, id)).state, command);
  }
  await logEvent(context, id, { kind: `run-${command}`, message: commandMessages[command] });
  context.bus.changed(id);
  return row;
}

/** The run cannot go on: its open round is abandoned and its reason shown. Idempotent. */
export async function failRun(context: Context, id: string, reason: string): Promise<void> {
  const { db } = context;
  if (!(await findRun(db, id))) return;
  await db
    .update(runs)
    .set({ state: 'failed', reason: reason.slice(0, 500), endedAt: new Date() })
    .where(and(eq(runs.id, id), inArray(runs.state, ['running', 'paused'])));
  const round = await openRound(db, id);
  if (round) await abandon(context, id, round.round, 'the run failed.');
  await logEvent(context, id, { level: 'error', kind: 'run-failed', message: `The run failed: ${reason}` });
  context.bus.changed(id);
}

/** Runs whose workflow must be under way. */
export async function activeRuns({ db }: Context): Promise<RunRow[]> {
  return db
    .select()
    .from(runs)
    .where(inArray(runs.state, ['running', 'paused']));
}

/** After a restart everybody who had not left is away, and the grace period begins (R9). */
export async function restorePresence(context: Context): Promise<void> {
  const rows = await context.db
    .select({ run: clients.run, client: clients.id })
    .from(clients)
    .where(eq(clients.left, false));
  for (const { run, client } of rows) {
    if (context.presence.state(run, client) === 'left') context.presence.away(run, client);
  }
}
