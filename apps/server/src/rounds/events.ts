import type { RunEvent } from '@strata/fl-core/protocol';
import { and, desc, eq, gt, lte } from 'drizzle-orm';
import { events } from '../store/schema.ts';
import type { Context } from './context.ts';

export interface LogLine {
  readonly level?: RunEvent['level'];
  readonly kind: string;
  /** In plain words, for the operator. */
  readonly message: string;
  readonly round?: number;
  readonly client?: string;
}

/** A run's log is pruned by whichever of its lines gets a number divisible by this. */
const pruneEvery = 100;

const toView = (row: typeof events.$inferSelect): RunEvent => ({
  id: row.id,
  at: row.at.getTime(),
  level: row.level,
  kind: row.kind,
  message: row.message,
  round: row.round,
  client: row.client,
});

/** Adds a line to the run's log and tells the dashboards. About the newest `limits.eventsPerRun` are kept. */
export async function logEvent(context: Context, run: string, line: LogLine): Promise<void> {
  const [row] = await context.db
    .insert(events)
    .values({
      run,
      level: line.level ?? 'info',
      kind: line.kind,
      message: line.message.slice(0, 1000),
      round: line.round ?? null,
      client: line.client ?? null,
    })
    .returning();
  if (!row) return;
  context.bus.logged(run, toView(row));
  if (row.id % pruneEvery === 0) await prune(context, run);
}

async function prune({ db, limits }: Context, run: string): Promise<void> {
  const [oldest] = await db
    .select({ id: events.id })
    .from(events)
    .where(eq(events.run, run))
    .orderBy(desc(events.id))
    .offset(limits.eventsPerRun)
    .limit(1);
  if (oldest) await db.delete(events).where(and(eq(events.run, run), lte(events.id, oldest.id)));
}

/** Lines after `after`, oldest first; without it the newest ones. At most `limit`. */
export async function listEvents(
  context: Context,
  run: string,
  after: number | null,
  limit: number,
): Promise<RunEvent[]> {
  if (after === null) {
    const rows = await context.db
      .select()
      .from(events)
      .where(eq(events.run, run))
      .orderBy(desc(events.id))
      .limit(limit);
    return rows.reverse().map(toView);
  }
  const rows = await context.db
    .select()
    .from(events)
    .where(and(eq(events.run, run), gt(events.id, after)))
    .orderBy(events.id)
    .limit(limit);
  return rows.map(toView);
}
