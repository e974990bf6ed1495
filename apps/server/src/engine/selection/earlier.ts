import { commonProbes, type EarlierProbe } from '@strata/fl-core/rounds';
import type { Masks } from '@strata/fl-core/selection';
import { and, desc, eq, inArray, isNotNull, sql } from 'drizzle-orm';
import type { RunRow } from '../../store/rows.ts';
import { members, rounds } from '../../store/schema.ts';
import type { Queryable } from '../../store/store.ts';

/** What selection reads of a run's earlier rounds; committed ones alone, the others never happened (R8). */

/** The newest probe of each of these clients that has one; in a sealed run what the newest sum says, the same for all. */
export async function earlierProbes(
  db: Queryable,
  { id: run, config }: RunRow,
  clients: readonly string[],
): Promise<ReadonlyMap<string, EarlierProbe>> {
  if (clients.length === 0) return new Map();
  if (config.aggregation.sealing.kind === 'sealed') {
    const newest = await db
      .select({ sealed: rounds.sealed })
      .from(rounds)
      .where(
        and(
          eq(rounds.run, run),
          eq(rounds.phase, 'committed'),
          sql`jsonb_typeof(${rounds.sealed} -> 'scores') = 'object'`,
        ),
      )
      .orderBy(desc(rounds.round))
      .limit(1);
    return commonProbes(clients, newest);
  }
  const rows = await db
    .selectDistinctOn([members.client], {
      client: members.client,
      scores: members.scores,
      smoothed: members.smoothed,
      times: members.times,
      steps: members.steps,
    })
    .from(members)
    .innerJoin(rounds, and(eq(rounds.run, members.run), eq(rounds.round, members.round)))
    .where(
      and(
        eq(members.run, run),
        inArray(members.client, [...clients]),
        eq(rounds.phase, 'committed'),
        isNotNull(members.scores),
      ),
    )
    .orderBy(members.client, desc(members.round));
  return new Map(
    rows.flatMap(({ client, scores, smoothed, times, steps }) =>
      scores ? [[client, { smoothed: smoothed ?? scores, times, steps }] as const] : [],
    ),
  );
}

/** Each client's newest mask in the newest `count` committed rounds. */
export async function earlierMasks(db: Queryable, run: string, count: number): Promise<Masks> {
  const newest = await db
    .select({ round: rounds.round })
    .from(rounds)
    .where(
      and(
        eq(rounds.run, run),
        eq(rounds.phase, 'committed'),
        // Those of the head alone chose nothing.
        sql`${rounds.selection}->>'warmUp' is null`,
      ),
    )
    .orderBy(desc(rounds.round))
    .limit(count);
  if (newest.length === 0) return {};
  const rows = await db
    .select({ client: members.client, mask: members.mask })
    .from(members)
    .where(
      and(
        eq(members.run, run),
        inArray(
          members.round,
          newest.map((r) => r.round),
        ),
        isNotNull(members.mask),
      ),
    )
    .orderBy(members.round);
  return Object.fromEntries(rows.map(({ client, mask }) => [client, mask ?? []]));
}
