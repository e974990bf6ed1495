import { budgetWindow } from '@strata/fl-core/rounds';
import type { MeasuredRound } from '@strata/fl-core/selection';
import { and, desc, eq, gte, inArray, isNotNull } from 'drizzle-orm';
import { members } from '../../store/schema.ts';
import type { Queryable } from '../context.ts';
import type { ClientRow, RunRow } from '../rows.ts';

/** What each client's masks cost lately and how long it took, oldest first; for adaptive budgets alone. */
export async function measuredRounds(
  db: Queryable,
  { id: run, config }: RunRow,
  round: number,
  cohort: readonly ClientRow[],
): Promise<Map<string, MeasuredRound[]>> {
  if (config.budget.kind !== 'adaptive') return new Map();
  const clients = cohort.map((c) => c.id);
  const rows = await db
    .select({ client: members.client, cost: members.cost, seconds: members.seconds })
    .from(members)
    .where(
      and(
        eq(members.run, run),
        inArray(members.client, clients),
        gte(members.round, round - budgetWindow),
        isNotNull(members.seconds),
      ),
    )
    .orderBy(desc(members.round));
  const byClient = new Map<string, MeasuredRound[]>();
  for (const { client, cost, seconds } of rows.reverse()) {
    if (cost === null || seconds === null) continue;
    byClient.set(client, [...(byClient.get(client) ?? []), { cost, time: seconds }]);
  }
  return byClient;
}
