import {
  beginTraining,
  chooseForRound,
  type RoundStatus,
  type SelectionPort,
  statusOf,
} from '@strata/fl-core/rounds';
import type { Context } from '../context.ts';
import { logEvent } from '../events.ts';
import { findRound } from '../rows.ts';
import { factsOf, lockExisting, moveRound } from '../transitions.ts';
import { chooseAside } from './choose-aside.ts';
import { earlierMasks, earlierProbes } from './earlier.ts';

/** Chooses the layers of every member that is still there and begins training. Idempotent. */
export async function selectLayers(context: Context, runId: string, number: number): Promise<RoundStatus> {
  const { db } = context;
  const row = await findRound(db, runId, number);
  if (row?.phase !== 'selecting') return statusOf(await lockExisting(db, runId, number));
  const choice = await chooseForRound(await factsOf(db, row), selectionPort(context, runId));
  const { round } = await moveRound(context, runId, number, (s) => beginTraining(s, choice, Date.now()));
  await logEvent(context, runId, {
    kind: 'layers-selected',
    round: number,
    message: `Layers were chosen for ${choice.changes.size} participants; training began.`,
  });
  context.bus.changed(runId);
  return statusOf(round);
}

function selectionPort({ db }: Context, run: string): SelectionPort {
  return {
    earlierProbes: (clients) => earlierProbes(db, run, clients),
    earlierMasks: (count) => earlierMasks(db, run, count),
    historyAfter: async (round) => (await findRound(db, run, round))?.history ?? null,
    choose: chooseAside,
  };
}
