import { evaluatePhase, isTimed, memberState } from '@strata/fl-core/rounds';
import type { Context } from './context.ts';
import { readyClients } from './ready-clients.ts';
import { findRun, listMembers, openRound, overStates, type RoundRow, type RunRow } from './rows.ts';
import { roundWorkflowId, runWorkflowId, signal, startRun, wakeTopic } from './workflow.ts';

/**
 * Looks at a run after an event (R3) and wakes its workflow when there is something to do. Not to be called
 * twice at once for a run; calls for every event may be merged into one that comes after it.
 */
export async function lookAtRun(context: Context, id: string): Promise<void> {
  const run = await findRun(context.db, id);
  if (!run || run.state === 'draft') return;
  const round = await openRound(context.db, id);
  if (round) return lookAtRound(context, run, round);
  if (await canGoOn(context, run)) await wake(context, id);
}

async function lookAtRound({ db }: Context, run: RunRow, round: RoundRow): Promise<void> {
  const { phase } = round;
  if (!isTimed(phase)) return;
  const cohort = await listMembers(db, run.id, round.round);
  const verdict = evaluatePhase({
    phase,
    members: cohort.map((m) => memberState(phase, m)),
    quorum: run.config.cohort.quorum,
    deadlinePassed: false, // the workflow has its own clock
  });
  if (verdict === 'open' && run.state !== 'stopped') return;
  // The verdict is final, so one message a phase is enough; the key makes it one.
  const id = roundWorkflowId(run.id, round.round);
  await signal(id, phase, `${id}:${phase}`);
}

/** Starts the run's workflow, or wakes it. One wake at a time: a run that was woken looks at everything that has happened until then. */
async function wake({ woken }: Context, run: string): Promise<void> {
  if (woken.has(run)) return;
  woken.add(run);
  if (!(await signal(runWorkflowId(run), wakeTopic))) await startRun(run);
}

async function canGoOn(context: Context, run: RunRow): Promise<boolean> {
  if (overStates.includes(run.state)) return true;
  if (run.state !== 'running') return false;
  const ready = await readyClients(context, run.id);
  return ready.length >= run.config.cohort.minimum;
}
