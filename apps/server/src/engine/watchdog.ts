import { and, desc, eq, inArray, lt, notInArray } from 'drizzle-orm';
import type { FastifyBaseLogger } from 'fastify';
import type { HasLimits } from '../limits.ts';
import { outsideWorkflow } from '../live/background.ts';
import type { HasBus } from '../live/bus.ts';
import { now } from '../live/clock.ts';
import type { SeesPresence } from '../live/presence.ts';
import type { HasSpace } from '../store/disk-space.ts';
import { closedPhases } from '../store/rows.ts';
import { rounds, runs } from '../store/schema.ts';
import type { HasDb } from '../store/store.ts';
import type { HasEvents } from '../views/event-log.ts';
import { driveFree, dueOf } from './driving.ts';
import { isDead, isStranded, startAnew, type Wanted } from './executions.ts';
import type { HasGarbage } from './garbage-collection.ts';
import type { HasLeases } from './leases.ts';
import type { HasWoken } from './workflow.ts';

type WatchdogPorts = HasDb &
  HasLeases &
  HasGarbage &
  HasBus &
  SeesPresence &
  HasEvents &
  HasWoken &
  HasSpace &
  HasLimits<'watchMs'> & { readonly log: FastifyBaseLogger };

interface Due {
  readonly has: string;
  readonly since: number;
}

/** A round is settled at its deadline within a moment; one that is not for so many milliseconds has stopped. */
const overdueMs = 10_000;
/** What is started anew more often than it takes to start never comes to anything, on a machine that does much else. */
const leastPatienceMs = 3_000;
/** A database that was away for less is not worth a line. */
const saidMs = 1_000;

/**
 * Looks at everything that should go on here, every `limits.watchMs`, and starts anew what does not: workflows are woken by
 * events, and an event can be lost where the database or the process it is told by fails. Says to operators when the
 * disk is full or the database was away.
 */
export class Watchdog {
  readonly #ports: WatchdogPorts;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  #closed = false;
  /** What had something to do and had not done it: what it had, and since which look. */
  #due = new Map<string, Due>();
  #saidFull = false;
  /** What was started anew, and said to be so. */
  readonly #saidAnew = new Set<string>();

  constructor(ports: WatchdogPorts) {
    this.#ports = ports;
    ports.space.onFull(() => void this.look());
  }

  start(): void {
    this.#next();
  }

  /** Looks now, too: the database is back. */
  databaseBack(awayMs: number): void {
    if (this.#closed) return;
    void outsideWorkflow(async () => {
      await this.look();
      if (awayMs < saidMs) return;
      const seconds = Math.round(awayMs / 1000);
      await this.#say(
        'warning',
        'database-back',
        `The database did not answer for ${seconds} s. It does again, and the run goes on.`,
      ).catch(() => {});
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#looking;
  }

  /** One look at a time; who asks during one gets that. */
  look(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#looking ??= outsideWorkflow(() => this.#lookAtAll())
      .catch((error: unknown) => this.#ports.log.warn({ err: error }, 'the watchdog could not look'))
      .finally(() => {
        this.#looking = null;
      });
    return this.#looking;
  }

  #next(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => this.look().finally(() => this.#next()), this.#ports.limits.watchMs);
    this.#timer.unref();
  }

  async #lookAtAll(): Promise<void> {
    const { leases, log } = this.#ports;
    await this.#lookAtDisk();
    await driveFree(this.#ports);
    const due = new Map<string, Due>();
    for (const { id } of await this.#active()) {
      const fence = leases.fenceOf(id);
      if (fence === null) continue;
      if (this.#closed) return;
      try {
        await this.#lookAtRun(id, fence, due);
      } catch (error) {
        log.warn({ err: error, run: id }, 'the watchdog could not look at a run');
      }
    }
    this.#due = due;
  }

  /** Runs of this server that are under way. */
  async #active(): Promise<{ readonly id: string }[]> {
    const { db, leases } = this.#ports;
    return db
      .select({ id: runs.id })
      .from(runs)
      .where(and(inArray(runs.state, ['running', 'paused']), inArray(runs.id, leases.runs)));
  }

  async #lookAtRun(run: string, fence: number, due: Map<string, Due>): Promise<void> {
    // Its round is looked at the next time: the run may start that by itself.
    if (await isDead({ run, fence, round: null })) return this.#startAnew({ run, fence, round: null });
    const round = await this.#openRound(run);
    if (round !== null && ((await this.#isOverdue(run, round)) || (await isDead({ run, fence, round })))) {
      return this.#startAnew({ run, fence, round });
    }
    const newest = round === null ? await this.#newestRound(run) : null;
    if (newest !== null && (await isStranded({ run, fence, round: newest }))) {
      const lasts = this.#lasts(`${run} end of ${newest}`, 'stranded', due);
      return lasts ? this.#startAnew({ run, fence, round: newest }) : undefined;
    }
    const has = await this.#dueNow(run);
    if (has === null) return;
    // Whoever was woken for it does not come.
    if (this.#lasts(`${run} ${round ?? ''}`, has, due) && round !== null) {
      return this.#startAnew({ run, fence, round });
    }
    this.#ports.woken.delete(run);
    this.#ports.bus.changed(run);
  }

  /** Notes what is wrong, for the next look; whether it has been so for long. */
  #lasts(key: string, has: string, due: Map<string, Due>): boolean {
    const before = this.#due.get(key);
    const since = before?.has === has ? before.since : now();
    const lasts = now() - since > Math.max(this.#ports.limits.watchMs / 2, leastPatienceMs);
    // What is done about it has its time again.
    if (!lasts) due.set(key, { has, since });
    return lasts;
  }

  async #dueNow(run: string): Promise<string | null> {
    const due = await dueOf(this.#ports, run);
    return due === null ? null : due.kind === 'round' ? due.key : 'run';
  }

  async #startAnew(wanted: Wanted): Promise<void> {
    const { run, round } = wanted;
    this.#ports.log.warn({ run, round }, 'a workflow that had stopped is started anew');
    this.#ports.woken.delete(run);
    await startAnew(wanted);
    this.#ports.bus.changed(run);
    const what = `${run} ${round ?? ''}`;
    if (this.#saidAnew.has(what)) return;
    await this.#ports.events.add(run, {
      level: 'warning',
      kind: 'started-anew',
      ...(round === null ? {} : { round }),
      message:
        round === null
          ? 'The run had stopped working and was started anew from what is recorded.'
          : `Round ${round} had stopped working and was started anew from what is recorded.`,
    });
    this.#saidAnew.add(what);
  }

  async #openRound(run: string): Promise<number | null> {
    const { db } = this.#ports;
    const [row] = await db
      .select({ round: rounds.round })
      .from(rounds)
      .where(and(eq(rounds.run, run), notInArray(rounds.phase, closedPhases)));
    return row?.round ?? null;
  }

  async #newestRound(run: string): Promise<number | null> {
    const { db } = this.#ports;
    const [row] = await db
      .select({ round: rounds.round })
      .from(rounds)
      .where(eq(rounds.run, run))
      .orderBy(desc(rounds.round))
      .limit(1);
    return row?.round ?? null;
  }

  /** It should have been settled long ago (R2). */
  async #isOverdue(run: string, round: number): Promise<boolean> {
    const { db, limits } = this.#ports;
    const rows = await db
      .select({ round: rounds.round })
      .from(rounds)
      .where(
        and(
          eq(rounds.run, run),
          eq(rounds.round, round),
          lt(rounds.deadline, new Date(now() - Math.min(limits.watchMs, overdueMs))),
        ),
      );
    return rows.length > 0;
  }

  async #lookAtDisk(): Promise<void> {
    const { space } = this.#ports;
    await space.look();
    if (space.full === this.#saidFull) return;
    if (space.full) {
      await this.#say(
        'error',
        'disk-full',
        'The server’s disk is full: updates are refused and rounds wait. Free space where DATA_DIR is; the run then goes on by itself.',
      );
    } else {
      await this.#say('info', 'disk-free', 'There is room on the server’s disk again; the run goes on.');
    }
    this.#saidFull = space.full;
  }

  /** A line in the log of every run of this server that is under way. */
  async #say(level: 'info' | 'warning' | 'error', kind: string, message: string): Promise<void> {
    for (const { id } of await this.#active()) await this.#ports.events.add(id, { level, kind, message });
  }
}
