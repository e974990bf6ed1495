import { isTimed, type RoundStatus, settling, statusOf } from '@strata/fl-core/rounds';
import { collectRound } from './collect.ts';
import type { Context } from './context.ts';
import { logEvent } from './events.ts';
import type { RoundRow } from './rows.ts';
import { announceAbandoned, flushTraffic, moveRound } from './transitions.ts';

/**
 * Moves a timed phase on if it may be (R2, R3): to the next phase, to `committed` or to `abandoned`.
 * One transaction, and idempotent: a round that has moved on already is answered as it is.
 */
export async function settlePhase(context: Context, runId: string, number: number): Promise<RoundStatus> {
  const { round, moved } = await moveRound(context, runId, number, async (standing, tx) => {
    const { run, round, cohort } = standing;
    if (isTimed(round.phase) && run.state !== 'stopped')
      await flushTraffic(context, tx, runId, number, cohort);
    return settling(standing, Date.now());
  });
  if (moved) await announce(context, round);
  return statusOf(round);
}

/** What follows a step that is already in the database: a line in the log, and the files nobody needs. */
async function announce(context: Context, row: RoundRow): Promise<void> {
  if (row.phase === 'abandoned') return announceAbandoned(context, row);
  if (row.phase === 'committed') {
    await logEvent(context, row.run, {
      kind: 'round-committed',
      round: row.round,
      message: `Round ${row.round} was committed.`,
    });
    collectRound(context, row.run, row.round);
  }
  context.bus.changed(row.run);
}
