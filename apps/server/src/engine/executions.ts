import { DBOS } from '@dbos-inc/dbos-sdk';
import type { HasLeases } from './leases.ts';
import {
  type Driven,
  isExecuted,
  isUnderWay,
  replaceExecution,
  roundWorkflow,
  roundWorkflowId,
  runWorkflow,
  runWorkflowId,
  workflowsOf,
} from './workflow.ts';

/** What is on record of runs' workflows with the engine: started, begun again, forgotten. */

/**
 * Starts the run's workflow unless it is under way. One that ended although its run has not is started anew:
 * all it needs to go on is in the database.
 */
export async function startRun(driven: Driven): Promise<void> {
  const id = runWorkflowId(driven);
  const status = await DBOS.getWorkflowStatus(id);
  if (isUnderWay(status?.status)) return;
  if (status) await DBOS.deleteWorkflow(id, true);
  await DBOS.startWorkflow(runWorkflow, { workflowID: id })(driven.run, driven.fence);
}

/** Deletes what is kept of the workflows of a run's earlier owners; who still executes one finds its fence gone. */
export async function forgetEarlier(driven: Driven): Promise<void> {
  const own = runWorkflowId(driven);
  for (const id of await recorded(driven.run)) {
    if (id !== own && !id.startsWith(`${own}:`)) await DBOS.deleteWorkflow(id, false);
  }
}

/** Ids of all workflows of a run and its rounds, whoever's. */
async function recorded(run: string): Promise<string[]> {
  const found = await DBOS.listWorkflows({
    workflow_id_prefix: workflowsOf(run),
    loadInput: false,
    loadOutput: false,
  });
  return found.map((w) => w.workflowID);
}

/**
 * Deletes what is kept of the workflows of a run and its rounds; false, and nothing is, while they are under way, here
 * or on another node.
 */
export async function forgetWorkflows({ leases }: HasLeases, run: string): Promise<boolean> {
  const fence = await leases.takeOver(run);
  if (fence === null) return false;
  const id = runWorkflowId({ run, fence });
  const status = await DBOS.getWorkflowStatus(id);
  if (isExecuted(id) || isUnderWay(status?.status)) return false;
  for (const workflow of await recorded(run)) await DBOS.deleteWorkflow(workflow, false);
  await leases.release(run);
  return true;
}

/** A workflow that should be under way, here. */
export type Wanted = Driven & { readonly round: number | null };

const workflowIdOf = ({ round, ...driven }: Wanted): string =>
  round === null ? runWorkflowId(driven) : roundWorkflowId(driven, round);

/** Whether nobody executes a workflow that should be under way, nor is going to. */
export async function isDead(wanted: Wanted): Promise<boolean> {
  const id = workflowIdOf(wanted);
  if (isExecuted(id)) return false;
  const status = (await DBOS.getWorkflowStatus(id))?.status;
  // What was resumed stands as enqueued.
  if (status === 'ENQUEUED' || status === 'DELAYED') return false;
  return !isExecuted(id);
}

/**
 * Whether a workflow is recorded as under way that nobody executes: of a round that is over, the run waits for that end.
 * It is so for a moment whenever one ends.
 */
export async function isStranded(wanted: Wanted): Promise<boolean> {
  const id = workflowIdOf(wanted);
  if (isExecuted(id)) return false;
  return isUnderWay((await DBOS.getWorkflowStatus(id))?.status) && !isExecuted(id);
}

/**
 * Has a workflow executed anew, whatever has become of it. A round that is recorded as under way goes on after its last
 * recorded step, and an execution that still waits somewhere finds that it was replaced; one that ended begins again.
 * A run begins again in any case, since all it needs is in our own tables: what is recorded of it may be that the round
 * it waited for has failed, and it would fail of that again and again.
 */
export async function startAnew(wanted: Wanted): Promise<void> {
  const { run, fence, round } = wanted;
  const id = workflowIdOf(wanted);
  replaceExecution(id);
  const status = (await DBOS.getWorkflowStatus(id))?.status;
  if (round !== null && isUnderWay(status)) {
    await DBOS.resumeWorkflow(id);
    return;
  }
  if (status !== undefined) await DBOS.deleteWorkflow(id, false);
  if (round === null) await DBOS.startWorkflow(runWorkflow, { workflowID: id })(run, fence);
  else await DBOS.startWorkflow(roundWorkflow, { workflowID: id })(run, fence, round);
}
