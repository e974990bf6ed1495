import type { RunEvent } from '@strata/fl-core/protocol';
import { and, desc, eq, gt, lte } from 'drizzle-orm';
import type { HasLimits } from '../limits.ts';
import type { HasBus } from '../live/bus.ts';
import { getRun } from '../store/rows.ts';
import { events } from '../store/schema.ts';
import type { HasDb } from '../store/store.ts';

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

/** What happened in a run, in plain words, for its operator. */
export class EventLog {
  readonly #ports: HasDb & HasBus & HasLimits<'eventsPerRun'>;

  constructor(ports: HasDb & HasBus & HasLimits<'eventsPerRun'>) {
    this.#ports = ports;
  }

  /** Adds a line to the run's log and tells the dashboards. About the newest `limits.eventsPerRun` are kept. */
  async add(run: string, line: LogLine): Promise<void> {
    const { db, bus } = this.#ports;
    const [row] = await db
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
    bus.logged(run, toView(row));
    if (row.id % pruneEvery === 0) await this.#prune(run);
  }

  async #prune(run: string): Promise<void> {
    const { db, limits } = this.#ports;
    const [oldest] = await db
      .select({ id: events.id })
      .from(events)
      .where(eq(events.run, run))
      .orderBy(desc(events.id))
      .offset(limits.eventsPerRun)
      .limit(1);
    if (oldest) await db.delete(events).where(and(eq(events.run, run), lte(events.id, oldest.id)));
  }

  /** Lines after `after`, oldest first; without it the newest ones. At most `limit`. Throws `unknown-run`. */
  async list(run: string, after: number | null, limit: number): Promise<RunEvent[]> {
    const { db } = this.#ports;
    await getRun(db, run);
    if (after === null) {
      const newest = await db
        .select()
        .from(events)
        .where(eq(events.run, run))
        .orderBy(desc(events.id))
        .limit(limit);
      return newest.reverse().map(toView);
    }
    const rows = await db
      .select()
      .from(events)
      .where(and(eq(events.run, run), gt(events.id, after)))
      .orderBy(events.id)
      .limit(limit);
    return rows.map(toView);
  }
}

export interface HasEvents {
  readonly events: EventLog;
}
