import { DBOS, Error as DbosError } from '@dbos-inc/dbos-sdk';
import { StrataError } from '@strata/fl-core/protocol';
import { playRound, playRun, type RoundSteps, type RunSteps } from '@strata/fl-core/rounds';
import { aggregateRound } from './aggregation/aggregate.ts';
import type { Context } from './context.ts';
import { openNextRound } from './open.ts';
import { failRun } from './runs.ts';
import { selectLayers } from './selection/select.ts';
import { settlePhase } from './settle.ts';
import { abandon } from './transitions.ts';

/**
 * The durable workflows: one a run, one a round, as fl-core's rounds play them. The database is the truth; a workflow
 * goes from step to step and waits in between, for one signal or until the stored deadline. Every step is
 * idempotent, because after a crash the last one is run again.
 */

/** Topic of the messages that wake a run which waits to open a round. */
export const wakeTopic = 'wake';
export const runWorkflowId = (run: string): string => `run:${run}`;
export const roundWorkflowId = (run: string, round: number): string => `run:${run}:round:${round}`;

/** DBOS gives a workflow up after this many recoveries; a run may see any number of restarts. */
const maxRecoveryAttempts = 1_000_000;
/** Transient failures (a database that restarts) are tried again for about a minute. */
const retry = { retriesAllowed: true, maxAttempts: 6, intervalSeconds: 1, backoffRate: 2 } as const;

let bound: Context | null = null;

/** Workflows are registered once in a process; they work on the context bound last. */
export function bindWorkflows(context: Context | null): void {
  bound = context;
}

/** Retrying does not help where the data itself is at fault. */
const shouldRetry = (error: unknown): boolean => !(error instanceof StrataError);

/**
 * A step that begins while the server shuts down never ends. If it failed, DBOS would record the failure as the
 * workflow's result; so the workflow stays pending and is recovered at the next start.
 */
const never = (): Promise<never> => new Promise(() => {});

function step<T>(name: string, work: (context: Context) => Promise<T>): Promise<T> {
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
  settle: (at) => step(at === 'start' ? 'look' : `settle-${at}`, (c) => settlePhase(c, run, round)),
  wait: async (phase, deadline) => {
    await DBOS.recv(phase, { deadlineEpochMS: deadline });
  },
  select: () => step('select', (c) => selectLayers(c, run, round)),
  aggregate: () => step('aggregate', (c) => aggregateRound(c, run, round)),
  fail: (phase, error) => {
    const reason = reasonOf(error);
    return step('abandon', (c) => abandon(c, run, round, `${phase} failed: ${reason}`));
  },
});

const roundWorkflow = DBOS.registerWorkflow(
  async (run: string, round: number): Promise<string> => (await playRound(roundSteps(run, round))).phase,
  { name: 'round', maxRecoveryAttempts },
);

/** The steps of a run; a round is a workflow of its own. */
const runSteps = (run: string): RunSteps => ({
  open: () => step('open-round', (c) => openNextRound(c, run)),
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
    return step('fail-run', (c) => failRun(c, run, reason));
  },
});

/** Runs until the run is over. What no step can handle ends the run as failed, with the reason. */
export const runWorkflow = DBOS.registerWorkflow((run: string): Promise<void> => playRun(runSteps(run)), {
  name: 'run',
  maxRecoveryAttempts,
});

/**
 * Starts the run's workflow unless it is under way. One that ended although its run has not is started anew:
 * all it needs to go on is in the database.
 */
export async function startRun(run: string): Promise<void> {
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
export async function signal(workflow: string, topic: string, key?: string): Promise<boolean> {
  try {
    await DBOS.send(workflow, 'changed', topic, key);
    return true;
  } catch (error) {
    if (error instanceof DbosError.DBOSNonExistentWorkflowError) return false;
    throw error;
  }
}
