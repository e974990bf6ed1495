import {
  answersNeeded,
  evaluatePhase,
  isTimed,
  memberState,
  roundDiagnostics,
  type TimedPhase,
} from '@strata/fl-core/rounds';
import { eq } from 'drizzle-orm';
import { checkpoints, runs } from '../store/schema.ts';
import { collectRound } from './collect.ts';
import type { Context, Queryable } from './context.ts';
import { logEvent } from './events.ts';
import { countCommitted, getRun, listMembers, type MemberRow, type RoundRow, type RunRow } from './rows.ts';
import { recordLate } from './selection/budgets.ts';
import {
  abandonRound,
  announceAbandoned,
  enterPhase,
  flushTraffic,
  lockExisting,
  type RoundStatus,
  statusOf,
  stoppedReason,
} from './transitions.ts';

/**
 * Moves a timed phase on if it may be (R2, R3): to the next phase, to `committed` or to `abandoned`.
 * One transaction, and idempotent: a round that has moved on already is answered as it is.
 */
export async function settlePhase(context: Context, runId: string, round: number): Promise<RoundStatus> {
  const { before, after } = await context.db.transaction(async (tx) => {
    const row = await lockExisting(tx, runId, round);
    return { before: row, after: isTimed(row.phase) ? await settle(context, tx, row, row.phase) : row };
  });
  if (after.phase !== before.phase) await announce(context, after);
  return statusOf(after);
}

async function settle(context: Context, tx: Queryable, row: RoundRow, phase: TimedPhase): Promise<RoundRow> {
  const run = await getRun(tx, row.run);
  if (run.state === 'stopped') return abandonRound(tx, row, stoppedReason);
  const cohort = await listMembers(tx, row.run, row.round);
  const members = cohort.map((m) => memberState(phase, m));
  await flushTraffic(context, tx, row.run, row.round, cohort);
  const deadlinePassed = row.deadline !== null && Date.now() >= row.deadline.getTime();
  const { quorum } = run.config.cohort;
  const verdict = evaluatePhase({ phase, members, quorum, deadlinePassed });
  if (phase === 'training' && deadlinePassed) await recordLate(tx, row);
  switch (verdict) {
    case 'open':
      return row;
    case 'failed': {
      const answered = members.filter((m) => m === 'answered').length;
      const needed = answersNeeded(cohort.length, quorum);
      return abandonRound(
        tx,
        row,
        `${answered} of ${cohort.length} clients answered in ${phase}; ${needed} were needed.`,
      );
    }
    case 'closed':
      switch (phase) {
        case 'probing':
          return enterPhase(tx, row, 'selecting', run.config);
        case 'training':
          return enterPhase(tx, row, 'aggregating', run.config);
        case 'evaluating':
          return commit(tx, run, row, cohort);
        default:
          return phase satisfies never;
      }
    default:
      return verdict satisfies never;
  }
}

/** R8: checkpoint, round and run in the caller's transaction. */
async function commit(
  tx: Queryable,
  run: RunRow,
  row: RoundRow,
  cohort: readonly MemberRow[],
): Promise<RoundRow> {
  if (row.candidate === null) throw new Error(`Round ${row.round} of ${run.id} has no candidate model.`);
  await tx
    .insert(checkpoints)
    .values({ run: run.id, round: row.round, layers: row.candidate, optimizer: row.optimizer });
  const finished = (await countCommitted(tx, run.id)) + 1 >= run.config.rounds;
  await tx
    .update(runs)
    .set({
      committedRound: row.round,
      ...(finished ? { state: 'finished' as const, endedAt: new Date() } : {}),
    })
    .where(eq(runs.id, run.id));
  return enterPhase(tx, row, 'committed', run.config, roundDiagnostics(run, cohort));
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
