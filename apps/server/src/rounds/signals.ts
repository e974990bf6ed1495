import { waking } from '@strata/fl-core/rounds';
import type { Context } from './context.ts';
import { readyClients } from './ready-clients.ts';
import { findRun, listMembers, openRound } from './rows.ts';
import { roundWorkflowId, runWorkflowId, signal, startRun, wakeTopic } from './workflow.ts';

/**
 * Looks at a run after an event (R3) and wakes its workflow when there is something to do. Not to be called
 * twice at once for a run; calls for every event may be merged into one that comes after it.
 */
export async function lookAtRun(context: Context, id: string): Promise<void> {
  const run = await findRun(context.db, id);
  if (!run || run.state === 'draft') return;
  const round = await openRound(context.db, id);
  const open = round && { round, cohort: await listMembers(context.db, id, round.round) };
  const ready = open ? 0 : (await readyClients(context, id)).length;
  const woken = waking(run, open, ready);
  switch (woken?.kind) {
    case 'round': {
      const workflow = roundWorkflowId(id, woken.round);
      // The verdict is final, so one message a phase is enough; the key makes it one.
      await signal(workflow, woken.phase, `${workflow}:${woken.phase}`);
      return;
    }
    case 'run':
      return wake(context, id);
    case undefined:
      return;
    default:
      woken satisfies never;
  }
}

/** Starts the run's workflow, or wakes it. One wake at a time: a run that was woken looks at everything that has happened until then. */
async function wake({ woken }: Context, run: string): Promise<void> {
  if (woken.has(run)) return;
  woken.add(run);
  if (!(await signal(runWorkflowId(run), wakeTopic))) await startRun(run);
}
