import type { RoundSummary, SpentView } from '@strata/fl-core/protocol';
import { isOver, summarize } from '@strata/fl-core/rounds';
import { and, eq, isNotNull, max } from 'drizzle-orm';
import { now } from '../live/clock.ts';
import { listMembers, type RoundRow, type RunRow } from '../store/rows.ts';
import { members, rounds } from '../store/schema.ts';
import type { Queryable } from '../store/store.ts';

/**
 * What a round came to, of its cohort's answers, or as it was written down when those were erased. `settled`: it is over, and
 * this never changes; how the newest model of a sealed run does is told by the round after it.
 */
export async function roundSummary(
  db: Queryable,
  run: RunRow,
  row: RoundRow,
): Promise<{ readonly summary: RoundSummary; readonly settled: boolean }> {
  if (row.summary !== null) return { summary: row.summary, settled: true };
  const cohort = await listMembers(db, run.id, row.round);
  const sealed = run.config.aggregation.sealing.kind === 'sealed' && row.phase === 'committed';
  const next = sealed ? await sealedAfter(db, row) : null;
  return {
    summary: summarize(run.config, row, cohort, now(), next),
    settled: isOver(row.phase) && !(sealed && next === null),
  };
}

/** What came of the committed round that started from this one's model. */
async function sealedAfter(db: Queryable, { run, round }: RoundRow): Promise<RoundRow['sealed']> {
  const [next] = await db
    .select({ sealed: rounds.sealed })
    .from(rounds)
    .where(and(eq(rounds.run, run), eq(rounds.baseRound, round), eq(rounds.phase, 'committed')));
  return next?.sealed ?? null;
}

/** What participants say that they have spent of their samples: of each the most. */
export async function claimedSpending(db: Queryable, run: string): Promise<SpentView> {
  const claims = await db
    .select({ epsilon: max(members.claimedEpsilon) })
    .from(members)
    .where(and(eq(members.run, run), isNotNull(members.claimedEpsilon)))
    .groupBy(members.client);
  const spent = claims.flatMap(({ epsilon }) => epsilon ?? []);
  const claimed = { participants: spent.length, least: spent.length === 0 ? 0 : Math.min(...spent) };
  return { epsilon: Math.max(0, ...spent), models: 0, claimed };
}
