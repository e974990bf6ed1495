import { plainLine, type RunEvent } from '@strata/fl-core/protocol';
import { and, desc, eq, gt, lte, ne } from 'drizzle-orm';
import type { FastifyBaseLogger } from 'fastify';
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
  /** Whose doing it is; of a line about a client its own, else the run's. */
  readonly source?: Source;
}

type Row = typeof events.$inferSelect;
type Source = Row['source'];

/** The lines of a source are pruned by whichever of them gets a number divisible by this. */
const pruneEvery = 100;

const toView = (row: Row): RunEvent => ({
  id: row.id,
  at: row.at.getTime(),
  level: row.level,
  kind: row.kind,
  message: row.message,
  round: row.round,
  client: row.client,
});

type EventLogPorts = HasDb & HasBus & HasLimits<'eventsPerRun'> & { readonly log: FastifyBaseLogger };

/** What happened in a run, in plain words, for its operator. */
export class EventLog {
  readonly #ports: EventLogPorts;
  readonly #listeners: ((run: string, line: LogLine) => void)[] = [];

  constructor(ports: EventLogPorts) {
    this.#ports = ports;
  }

  /** `listener` hears every line that this process adds; the bus tells those of others, too. */
  onAdded(listener: (run: string, line: LogLine) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Adds a line to the run's log and tells the dashboards. What clients wrote into it is made one plain line. Of each
   * source about the newest `limits.eventsPerRun` are kept: no noise of participants pushes out what the operator did.
   */
  add(run: string, line: LogLine): Promise<void> {
    return this.addAll(run, [line]);
  }

  /** As {@link add}, several lines at once, in their order. */
  async addAll(run: string, lines: readonly LogLine[]): Promise<void> {
    if (lines.length === 0) return;
    const { db, bus, log } = this.#ports;
    const values = lines.map(({ level = 'info', kind, message, round, client, source }) => ({
      run,
      level,
      kind,
      message: plainLine(message).slice(0, 1000),
      round: round ?? null,
      client: client ?? null,
      source: source ?? (client === undefined ? 'run' : 'participant'),
    }));
    const rows = await db.insert(events).values(values).returning();
    for (const [i, row] of rows.entries()) {
      const { level, round, client, kind, message, source } = row;
      // For those who read the logs of all machines in one place.
      log[level === 'warning' ? 'warn' : level](
        { run, round: round ?? undefined, client: client ?? undefined, kind },
        message,
      );
      const line = lines[i];
      if (line) for (const listener of this.#listeners) listener(run, line);
      bus.logged(run, toView(row));
      if (row.id % pruneEvery === 0) await this.#prune(run, source);
    }
  }

  async #prune(run: string, source: Source): Promise<void> {
    const { db, limits } = this.#ports;
    const ofSource = and(eq(events.run, run), eq(events.source, source));
    const [oldest] = await db
      .select({ id: events.id })
      .from(events)
      .where(ofSource)
      .orderBy(desc(events.id))
      .offset(limits.eventsPerRun)
      .limit(1);
    if (oldest) await db.delete(events).where(and(ofSource, lte(events.id, oldest.id)));
  }

  /**
   * Lines after `after`, oldest first, at most `limit`; without it the newest ones, of which no more than half are
   * participants' as long as there are others. Throws `unknown-run`.
   */
  async list(run: string, after: number | null, limit: number): Promise<RunEvent[]> {
    const { db } = this.#ports;
    await getRun(db, run);
    if (after === null) {
      const newest = (which: typeof ne) =>
        db
          .select()
          .from(events)
          .where(and(eq(events.run, run), which(events.source, 'participant')))
          .orderBy(desc(events.id))
          .limit(limit);
      const [others, participants] = [await newest(ne), await newest(eq)];
      const room = Math.max(limit - others.length, Math.floor(limit / 2));
      const noise = participants.slice(0, room);
      return [...others.slice(0, limit - noise.length), ...noise].sort((a, b) => a.id - b.id).map(toView);
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
