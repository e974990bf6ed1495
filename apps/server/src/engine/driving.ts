import { type Waking, waking } from '@strata/fl-core/rounds';
import type { FastifyBaseLogger } from 'fastify';
import type { HasBus } from '../live/bus.ts';
import { now } from '../live/clock.ts';
import type { SeesPresence } from '../live/presence.ts';
import { Throttle } from '../live/throttle.ts';
import { findRun, listFacts, openRound } from '../store/rows.ts';
import type { HasDb } from '../store/store.ts';
import { forgetEarlier, startRun } from './executions.ts';
import type { HasGarbage } from './garbage-collection.ts';
import type { HasLeases } from './leases.ts';
import { readyClients } from './opening.ts';
import {
  type Driven,
  type HasWoken,
  isLaunched,
  roundWorkflowId,
  runWorkflowId,
  signal,
  wakeTopic,
} from './workflow.ts';

/** Which runs this server drives, and when it looks at them: after events (R3), and when nobody else does. */

/** How often a run is looked at after events, at most. */
const lookMs = 5;

/** Takes the runs that nobody drives, and goes on with them. */
export async function driveFree(
  ports: HasLeases & HasGarbage & HasBus & HasWoken & { readonly log: FastifyBaseLogger },
): Promise<void> {
  if (!isLaunched()) return;
  for (const run of await ports.leases.takeFree()) {
    try {
      await beginDriving(ports, run);
    } catch (error) {
      // The watchdog starts it.
      ports.log.warn({ err: error, run }, 'a run that was taken could not be started yet');
    }
  }
}

/** What a run's new owner does first. */
async function beginDriving(ports: HasLeases & HasGarbage & HasBus & HasWoken, run: string): Promise<void> {
  const fence = ports.leases.fenceOf(run);
  if (fence === null) return;
  ports.woken.delete(run);
  await forgetEarlier({ run, fence });
  await startRun({ run, fence });
  await ports.garbage.afterRestart(run);
  ports.bus.changed(run);
}

type LookPorts = HasDb & SeesPresence & HasBus & HasWoken & HasLeases & HasGarbage;

/**
 * R3: every run that changes is looked at soon, once for changes that come together, by the server that drives it; where
 * nobody does, it is this one from now on. Returns what ends that.
 */
export function lookAfterChanges(ports: LookPorts & { readonly log: FastifyBaseLogger }): Throttle {
  const looks = new Throttle(
    lookMs,
    // What changed before is looked at when the workflows start.
    async (run) => {
      if (isLaunched()) await lookAtRun(ports, run);
    },
    (error, run) => ports.log.error({ run, err: error }, 'a run was not looked at'),
  );
  ports.bus.onChanged((run) => looks.touch(run));
  return looks;
}

/** Looks at a run after an event (R3) and wakes its workflow when there is something to do. */
async function lookAtRun(ports: LookPorts, run: string): Promise<void> {
  const before = ports.leases.fenceOf(run);
  const fence = await ports.leases.take(run);
  if (fence === null) return;
  if (before === null) return beginDriving(ports, run);
  const driven = { run, fence };
  const due = await dueOf(ports, run);
  switch (due?.kind) {
    case 'round': {
      const workflow = roundWorkflowId(driven, due.round);
      // Each piece of news is final, so telling it once is enough; the key makes it once.
      await signal(workflow, due.phase, `${workflow}:${due.key}`);
      return;
    }
    case 'run':
      return wake(ports, driven);
    case undefined:
      return;
    default:
      due satisfies never;
  }
}

/** What of a run's workflows has something to do, if any. */
export async function dueOf(ports: HasDb & SeesPresence, id: string): Promise<Waking | null> {
  const { db } = ports;
  const run = await findRun(db, id);
  if (!run || run.state === 'draft') return null;
  const round = await openRound(db, id);
  const open = round && { round, cohort: await listFacts(db, id, round.round) };
  const ready = open ? 0 : (await readyClients(ports, run)).length;
  return waking(run, open, ready, now());
}

/**
 * Starts the run's workflow, or wakes it. One wake at a time: a run that was woken looks at everything that has
 * happened until then. One that could not be woken counts as not woken.
 */
async function wake({ woken }: HasWoken, driven: Driven): Promise<void> {
  const { run } = driven;
  if (woken.has(run)) return;
  woken.add(run);
  try {
    if (!(await signal(runWorkflowId(driven), wakeTopic))) await startRun(driven);
  } catch (error) {
    woken.delete(run);
    throw error;
  }
}
