import { DBOS, Error as DbosError } from '@dbos-inc/dbos-sdk';
import { dbRetryConfig } from '@dbos-inc/dbos-sdk/internal/utils';
import { StrataError } from '@strata/fl-core/protocol';
import { playRound, playRun, type RoundSteps, type RunSteps } from '@strata/fl-core/rounds';
import type { FastifyBaseLogger } from 'fastify';
import type { HasNewcomers } from '../entry/newcomers.ts';
import { messageOf, troubleOf } from '../failure.ts';
import type { HasAlarms } from '../live/alarms.ts';
import { outsideWorkflow } from '../live/background.ts';
import type { HasBus } from '../live/bus.ts';
import { now } from '../live/clock.ts';
import type { HasMeasured } from '../live/measured.ts';
import { outlast } from '../live/outlast.ts';
import type { SeesPresence } from '../live/presence.ts';
import type { HasTraffic } from '../live/traffic.ts';
import type { HasBlobs } from '../store/blobs.ts';
import { inTurn } from '../store/migrate.ts';
import type { HasNaming } from '../store/shared-lock.ts';
import type { HasDb, Store } from '../store/store.ts';
import type { HasTraces } from '../tracing/traces.ts';
import type { HasEvents } from '../views/event-log.ts';
import type { HasLayerSteps } from './aggregation/layer-steps.ts';
import type { HasGarbage } from './garbage-collection.ts';
import type { HasLeases } from './leases.ts';
import { openNextRound } from './opening.ts';
import { failRun } from './runs.ts';
import { abandon, aggregateRound, selectLayers, settlePhase } from './steps.ts';

/**
 * The durable workflows: one a run, one a round, as fl-core's rounds play them. The database is the truth; a workflow
 * goes from step to step and waits in between, for one signal or until the stored deadline. Every step is
 * idempotent, because after a crash the last one is run again.
 */

/** Topic of the messages that wake a run which waits to open a round. */
export const wakeTopic = 'wake';
/** A run as its owner drives it: the fence tells its workflows from those of earlier owners. */
export interface Driven {
  readonly run: string;
  readonly fence: number;
}
/** What the ids of all workflows of a run begin with, whoever drives it. */
export const workflowsOf = (run: string): string => `run:${run}`;
export const runWorkflowId = ({ run, fence }: Driven): string => `${workflowsOf(run)}:${fence}`;
export const roundWorkflowId = (driven: Driven, round: number): string =>
  `${runWorkflowId(driven)}:round:${round}`;

/** DBOS gives a workflow up after this many recoveries; a run may see any number of restarts. */
const maxRecoveryAttempts = 1_000_000;
/** What fails for no reason that we know is tried again for about half a minute; what {@link outlast} waits for, for ever. */
const retry = { retriesAllowed: true, maxAttempts: 6, intervalSeconds: 1, backoffRate: 2 } as const;

/** What the engine of another process may have left is nobody's: it takes up only workflows of its own version. */
const versionOf = (node: string): string => `strata-1:${node}`;
/**
 * Longest pause of DBOS between tries while the database is away, in seconds. Of its own 60, a run would wait for as long
 * after the database is back.
 */
const longestRetryPause = 2;
/** What the steps of the workflows touch, all together. */
type WorkflowPorts = HasDb &
  HasBlobs &
  HasNaming &
  HasBus &
  SeesPresence &
  HasTraffic &
  HasMeasured &
  HasEvents &
  HasGarbage &
  HasNewcomers &
  HasLayerSteps &
  HasWoken &
  HasTraces &
  HasAlarms &
  HasLeases & { readonly log: FastifyBaseLogger };

export interface HasWoken {
  /** Runs whose workflow has been woken and has not looked yet. */
  readonly woken: Set<string>;
}

interface Bound {
  readonly ports: WorkflowPorts;
  /** Aborted when the server closes. */
  readonly closed: AbortController;
}

/** Workflows are registered once in a process; they work on what was bound last. */
let bound: Bound | null = null;
/** Before that, the tables of the workflow engine may not be there, and nobody can be woken. */
let launched = false;
export const isLaunched = (): boolean => launched;

/** What is executed in this process: the newest execution of each workflow, by its id. */
const executing = new Map<string, symbol>();

export const isExecuted = (workflow: string): boolean => executing.has(workflow);
/** Whoever executes the workflow still is replaced, and finds out when it goes on. */
export const replaceExecution = (workflow: string): boolean => executing.delete(workflow);

/** The engine may list a workflow as under way that nobody executes: it died where its end could not be recorded. */
async function executed<T>(workflow: string, work: () => Promise<T>): Promise<T> {
  const execution = Symbol(workflow);
  executing.set(workflow, execution);
  try {
    return await work();
  } finally {
    // One that was replaced while it waited must not forget the one that replaced it.
    if (executing.get(workflow) === execution) executing.delete(workflow);
  }
}

/**
 * Starts the workflow engine. Nothing is recovered of an earlier process: all that a run needs to go on is in our own
 * tables, and `driving.ts` goes on with it.
 */
export async function startWorkflows(
  ports: WorkflowPorts,
  { databaseUrl, pool, node }: Pick<Store, 'databaseUrl' | 'pool' | 'node'>,
): Promise<void> {
  bound = { ports, closed: new AbortController() };
  DBOS.setConfig({
    name: 'strata',
    systemDatabaseUrl: databaseUrl,
    systemDatabasePool: pool,
    applicationVersion: versionOf(node),
    executorID: node,
    logLevel: 'error',
    enableOTLP: false,
  });
  dbRetryConfig.maxBackoffSec = longestRetryPause;
  await inTurn(pool, () => DBOS.launch());
  launched = true;
}

/** No step begins any more; those under way still need what they were bound to. */
export function holdWorkflows(): void {
  bound?.closed.abort();
  bound = null;
  launched = false;
}

/** After {@link holdWorkflows}: lets go of the database. What was under way goes on at the next start. */
export const shutDownWorkflows = (): Promise<void> => DBOS.shutdown();

/** Retrying does not help where the data itself is at fault. */
const shouldRetry = (error: unknown): boolean => !(error instanceof StrataError);

/**
 * A step that begins while the server shuts down, or when the run is another server's, never ends. If it failed, the
 * round would be abandoned for it; so the workflow stands still, and the run's next owner has one of its own.
 */
const never = (): Promise<never> => new Promise(() => {});

function step<T>(driven: Driven, name: string, work: (ports: WorkflowPorts) => Promise<T>): Promise<T> {
  return DBOS.runStep(() => begun(driven, work), { name, ...retry, shouldRetry });
}

/** The one way from a workflow to our tables: what it writes there demands the fence. */
async function begun<T>({ run, fence }: Driven, work: (ports: WorkflowPorts) => Promise<T>): Promise<T> {
  if (!bound) return never();
  const { ports, closed } = bound;
  const mine = () => ports.leases.fenceOf(run) === fence;
  try {
    if (!mine()) return never();
    return await outlast(() => work({ ...ports, db: ports.leases.fenced(run, fence) }), closed.signal);
  } catch (error) {
    if (closed.signal.aborted || !mine()) return never();
    throw error;
  }
}

/**
 * Sends a message to a workflow. With `key`, the same message is delivered once. False when the workflow has not
 * begun or was deleted; it looks at the database before it waits, so nothing is lost.
 */
export async function signal(workflow: string, topic: string, key?: string): Promise<boolean> {
  try {
    await DBOS.send(workflow, 'changed', topic, key);
    return true;
  } catch (error) {
    if (error instanceof DbosError.DBOSNonExistentWorkflowError) return false;
    throw error;
  }
}

/** Between tries of what DBOS itself does with the database, when that is away in a way that it does not wait for. */
const waitAgainMs = 1_000;

/**
 * Waits for a message. Returning too early does no harm, because whoever waits looks and waits again: that is what
 * happens when the database goes away meanwhile.
 */
async function received(topic: string, until: Parameters<typeof DBOS.recv>[1]): Promise<void> {
  try {
    await DBOS.recv(topic, until);
  } catch (error) {
    if (troubleOf(error) === null) throw error;
    await new Promise((resolve) => setTimeout(resolve, waitAgainMs));
  }
}

/**
 * Why the work failed, for people. What DBOS throws of an execution (another one has taken it over, it was cancelled,
 * its record is gone) is no failure of the work and is thrown on; nor is a database that is away: whoever looks after
 * the workflows starts this one anew.
 */
function reasonOf(error: unknown): string {
  if (error instanceof DbosError.DBOSMaxStepRetriesError) return reasonOf(error.errors.at(-1));
  if (error instanceof DbosError.DBOSError || troubleOf(error) !== null) throw error;
  return messageOf(error);
}

/** Waits for a message until the machine's clock says so, and has the run looked at when that takes too long. */
async function withAlarm(
  workflow: string,
  run: string,
  ms: number,
  receive: () => Promise<unknown>,
): Promise<void> {
  bound?.ports.alarms.set(workflow, run, ms);
  await receive();
  bound?.ports.alarms.clear(workflow);
}

/**
 * Tells clients and dashboards once more that something has changed. A step says so itself; but where the database goes away
 * between its commit and that, the step is done again, finds everything done, and says nothing: members would not hear of
 * their phase before they ask.
 */
function retold<A>(run: string, answer: A): A {
  bound?.ports.bus.changed(run);
  return answer;
}

/** The steps of one round, durable: each is a step of the workflow engine, recorded by one transaction of ours. */
const roundSteps = (driven: Driven, round: number): RoundSteps => {
  const { run } = driven;
  return {
    settle: async (at) => {
      const name = at === 'start' ? 'look' : `settle-${at}`;
      const status = await step(driven, name, (on) => settlePhase(on, run, round));
      return status.phase === at ? status : retold(run, status);
    },
    wait: async (phase, deadline) => {
      const id = roundWorkflowId(driven, round);
      await withAlarm(id, run, deadline - now(), () => received(phase, { deadlineEpochMS: deadline }));
    },
    select: async () => retold(run, await step(driven, 'select', (on) => selectLayers(on, run, round))),
    aggregate: async () =>
      retold(run, await step(driven, 'aggregate', (on) => aggregateRound(on, run, round))),
    fail: (phase, error) => {
      const reason = reasonOf(error);
      return step(driven, 'abandon', (on) => abandon(on, run, round, `${phase} failed: ${reason}`));
    },
  };
};

export const roundWorkflow = DBOS.registerWorkflow(
  (run: string, fence: number, round: number): Promise<string> =>
    executed(
      roundWorkflowId({ run, fence }, round),
      async () => (await playRound(roundSteps({ run, fence }, round))).phase,
    ),
  { name: 'round', maxRecoveryAttempts },
);

/** How often it is looked up whether a round has ended by another execution than the one that is waited for. */
const lookUpMs = 1_000;

/** Resolves when the workflow is on record as ended; never where `over` is aborted before, or the run is another server's. */
async function endOnRecord({ run, fence }: Driven, workflow: string, over: AbortSignal): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, lookUpMs));
    if (over.aborted || bound?.ports.leases.fenceOf(run) !== fence) return never();
    const status = await DBOS.getWorkflowStatus(workflow).catch(() => null); // looked up again
    if (status !== null && !isUnderWay(status.status)) return;
  }
}

/** By what is recorded; `ENQUEUED` waits to be recovered. */
export const isUnderWay = (status: string | undefined): boolean =>
  status === 'PENDING' || status === 'ENQUEUED' || status === 'DELAYED';

/** The steps of a run; a round is a workflow of its own. */
const runSteps = (driven: Driven): RunSteps => {
  const { run, fence } = driven;
  return {
    open: async () => {
      const next = await step(driven, 'open-round', (on) => {
        on.woken.delete(run); // what happens from here on may wake the run again
        return openNextRound(on, run);
      });
      return next.kind === 'round' ? retold(run, next) : next;
    },
    wait: async (seconds) => {
      await withAlarm(runWorkflowId(driven), run, 1000 * seconds, () => received(wakeTopic, seconds));
    },
    play: async (round) => {
      const id = roundWorkflowId(driven, round);
      const execution = await DBOS.startWorkflow(roundWorkflow, { workflowID: id })(run, fence, round);
      const over = new AbortController();
      const onRecord = outsideWorkflow(() => endOnRecord(driven, id, over.signal));
      // This execution ends at once. Where another one replaced it while it waits (`startAnew`), it would find that out
      // at its phase's deadline only.
      await Promise.race([
        execution.getResult(),
        onRecord.then(() => DBOS.retrieveWorkflow(id).getResult({ pollingIntervalMs: 250 })),
      ]).finally(() => over.abort());
    },
    fail: (error) => {
      if (!bound) return never();
      const reason = reasonOf(error);
      return step(driven, 'fail-run', (on) => failRun(on, run, reason));
    },
  };
};

/** Runs until the run is over. What no step can handle ends the run as failed, with the reason. */
export const runWorkflow = DBOS.registerWorkflow(
  (run: string, fence: number): Promise<void> =>
    executed(runWorkflowId({ run, fence }), async () => {
      await playRun(runSteps({ run, fence }));
      await letGo(run);
    }),
  { name: 'run', maxRecoveryAttempts },
);

/** A run that is over needs no owner. */
async function letGo(run: string): Promise<void> {
  if (!bound) return;
  const { ports, closed } = bound;
  await outlast(() => ports.leases.release(run), closed.signal);
}
