import { DBOS, Error as DbosError } from '@dbos-inc/dbos-sdk';
import { StrataError } from '@strata/fl-core/protocol';
import { playRound, playRun, type RoundSteps, type RunSteps, waking } from '@strata/fl-core/rounds';
import { inArray } from 'drizzle-orm';
import type { FastifyBaseLogger } from 'fastify';
import type { HasNewcomers } from '../entry/newcomers.ts';
import type { HasBus } from '../live/bus.ts';
import type { SeesPresence } from '../live/presence.ts';
import { Throttle } from '../live/throttle.ts';
import type { HasTraffic } from '../live/traffic.ts';
import type { HasBlobs } from '../store/blobs.ts';
import { findRun, listMembers, openRound } from '../store/rows.ts';
import { runs } from '../store/schema.ts';
import type { HasNaming } from '../store/shared-lock.ts';
import type { HasDb, Store } from '../store/store.ts';
import type { HasEvents } from '../views/event-log.ts';
import type { HasGarbage } from './garbage-collection.ts';
import { openNextRound, readyClients } from './opening.ts';
import { failRun } from './runs.ts';
import { abandon, aggregateRound, selectLayers, settlePhase } from './steps.ts';

/**
 * The durable workflows: one a run, one a round, as fl-core's rounds play them. The database is the truth; a workflow
 * goes from step to step and waits in between, for one signal or until the stored deadline. Every step is
 * idempotent, because after a crash the last one is run again.
 */

/** Topic of the messages that wake a run which waits to open a round. */
const wakeTopic = 'wake';
const runWorkflowId = (run: string): string => `run:${run}`;
const roundWorkflowId = (run: string, round: number): string => `run:${run}:round:${round}`;

/** DBOS gives a workflow up after this many recoveries; a run may see any number of restarts. */
const maxRecoveryAttempts = 1_000_000;
/** Transient failures (a database that restarts) are tried again for about a minute. */
const retry = { retriesAllowed: true, maxAttempts: 6, intervalSeconds: 1, backoffRate: 2 } as const;

/** Recovery takes up only workflows of its own version; the steps are idempotent, so one version will do. */
const applicationVersion = 'strata-1';
/** How often a run is looked at after events, at most. */
const lookMs = 5;

/** What the steps of the workflows touch, all together. */
type WorkflowPorts = HasDb &
  HasBlobs &
  HasNaming &
  HasBus &
  SeesPresence &
  HasTraffic &
  HasEvents &
  HasGarbage &
  HasNewcomers &
  HasWoken;

interface HasWoken {
  /** Runs whose workflow has been woken and has not looked yet. */
  readonly woken: Set<string>;
}

/** Workflows are registered once in a process; they work on what was bound last. */
let bound: WorkflowPorts | null = null;

/** Recovers the workflows that were under way, and starts those of runs that have none and are not over. */
export async function startWorkflows(
  ports: WorkflowPorts,
  { databaseUrl, pool }: Pick<Store, 'databaseUrl' | 'pool'>,
): Promise<void> {
  bound = ports;
  DBOS.setConfig({
    name: 'strata',
    systemDatabaseUrl: databaseUrl,
    systemDatabasePool: pool,
    applicationVersion,
    executorID: 'server',
    logLevel: 'error',
    enableOTLP: false,
  });
  await DBOS.launch();
  const active = await ports.db
    .select({ id: runs.id })
    .from(runs)
    .where(inArray(runs.state, ['running', 'paused']));
  for (const { id } of active) {
    await startRun(id);
    await ports.garbage.afterRestart(id);
    ports.bus.changed(id);
  }
}

/** No step begins any more; those under way still need what they were bound to. */
export function holdWorkflows(): void {
  bound = null;
}

/** After {@link holdWorkflows}: lets go of the database. What was under way goes on at the next start. */
export const shutDownWorkflows = (): Promise<void> => DBOS.shutdown();

/** Retrying does not help where the data itself is at fault. */
const shouldRetry = (error: unknown): boolean => !(error instanceof StrataError);

/**
 * A step that begins while the server shuts down never ends. If it failed, DBOS would record the failure as the
 * workflow's result; so the workflow stays pending and is recovered at the next start.
 */
const never = (): Promise<never> => new Promise(() => {});

function step<T>(name: string, work: (ports: WorkflowPorts) => Promise<T>): Promise<T> {
  return DBOS.runStep(() => (bound ? work(bound) : never()), { name, ...retry, shouldRetry });
}

/**
 * Why the work failed, for people. What DBOS throws to end an execution that another one has taken over, or that
 * was cancelled, is no failure of the work and is thrown on.
 */
function reasonOf(error: unknown): string {
  if (error instanceof DbosError.DBOSWorkflowConflictError) throw error;
  if (error instanceof DbosError.DBOSWorkflowCancelledError) throw error;
  if (error instanceof DbosError.DBOSMaxStepRetriesError) return reasonOf(error.errors.at(-1));
  return error instanceof Error ? error.message : String(error);
}

/** The steps of one round, durable: each is a step of the workflow engine, recorded by one transaction of ours. */
const roundSteps = (run: string, round: number): RoundSteps => ({
  settle: (at) => step(at === 'start' ? 'look' : `settle-${at}`, (on) => settlePhase(on, run, round)),
  wait: async (phase, deadline) => {
    await DBOS.recv(phase, { deadlineEpochMS: deadline });
  },
  select: () => step('select', (on) => selectLayers(on, run, round)),
  aggregate: () => step('aggregate', (on) => aggregateRound(on, run, round)),
  fail: (phase, error) => {
    const reason = reasonOf(error);
    return step('abandon', (on) => abandon(on, run, round, `${phase} failed: ${reason}`));
  },
});

const roundWorkflow = DBOS.registerWorkflow(
  async (run: string, round: number): Promise<string> => (await playRound(roundSteps(run, round))).phase,
  { name: 'round', maxRecoveryAttempts },
);

/** The steps of a run; a round is a workflow of its own. */
const runSteps = (run: string): RunSteps => ({
  open: () =>
    step('open-round', (on) => {
      on.woken.delete(run); // what happens from here on may wake the run again
      return openNextRound(on, run);
    }),
  wait: async (seconds) => {
    await DBOS.recv(wakeTopic, seconds);
  },
  play: async (round) => {
    const id = roundWorkflowId(run, round);
    const handle = await DBOS.startWorkflow(roundWorkflow, { workflowID: id })(run, round);
    await handle.getResult({ pollingIntervalMs: 250 });
  },
  fail: (error) => {
    if (!bound) return never();
    const reason = reasonOf(error);
    return step('fail-run', (on) => failRun(on, run, reason));
  },
});

/** Runs until the run is over. What no step can handle ends the run as failed, with the reason. */
const runWorkflow = DBOS.registerWorkflow((run: string): Promise<void> => playRun(runSteps(run)), {
  name: 'run',
  maxRecoveryAttempts,
});

/**
 * Starts the run's workflow unless it is under way. One that ended although its run has not is started anew:
 * all it needs to go on is in the database.
 */
async function startRun(run: string): Promise<void> {
  const id = runWorkflowId(run);
  const status = await DBOS.getWorkflowStatus(id);
  switch (status?.status) {
    case 'PENDING':
    case 'ENQUEUED': // waits to be recovered
    case 'DELAYED':
      return;
    default:
      break;
  }
  if (status) await DBOS.deleteWorkflow(id, true);
  await DBOS.startWorkflow(runWorkflow, { workflowID: id })(run);
}

/**
 * Sends a message to a workflow. With `key`, the same message is delivered once. False when the workflow has not
 * begun or was deleted; it looks at the database before it waits, so nothing is lost.
 */
async function signal(workflow: string, topic: string, key?: string): Promise<boolean> {
  try {
    await DBOS.send(workflow, 'changed', topic, key);
    return true;
  } catch (error) {
    if (error instanceof DbosError.DBOSNonExistentWorkflowError) return false;
    throw error;
  }
}

/** R3: every run that changes is looked at soon, once for changes that come together. Returns what ends that. */
export function lookAfterChanges(
  ports: HasDb & SeesPresence & HasBus & HasWoken & { readonly log: FastifyBaseLogger },
): Throttle {
  const looks = new Throttle(
    lookMs,
    (run) => lookAtRun(ports, run),
    (error) => ports.log.error({ err: error }, 'a run was not looked at'),
  );
  ports.bus.onChanged((run) => looks.touch(run));
  return looks;
}

/** Looks at a run after an event (R3) and wakes its workflow when there is something to do. */
async function lookAtRun(ports: HasDb & SeesPresence & HasWoken, id: string): Promise<void> {
  const { db } = ports;
  const run = await findRun(db, id);
  if (!run || run.state === 'draft') return;
  const round = await openRound(db, id);
  const open = round && { round, cohort: await listMembers(db, id, round.round) };
  const ready = open ? 0 : (await readyClients(ports, id)).length;
  const woken = waking(run, open, ready);
  switch (woken?.kind) {
    case 'round': {
      const workflow = roundWorkflowId(id, woken.round);
      // The verdict is final, so one message a phase is enough; the key makes it one.
      await signal(workflow, woken.phase, `${workflow}:${woken.phase}`);
      return;
    }
    case 'run':
      return wake(ports, id);
    case undefined:
      return;
    default:
      woken satisfies never;
  }
}

/**
 * Starts the run's workflow, or wakes it. One wake at a time: a run that was woken looks at everything that has
 * happened until then.
 */
async function wake({ woken }: HasWoken, run: string): Promise<void> {
  if (woken.has(run)) return;
  woken.add(run);
  if (!(await signal(runWorkflowId(run), wakeTopic))) await startRun(run);
}
