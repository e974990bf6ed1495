import { type Phase, RunState } from '@strata/fl-core/protocol';
import { phaseSeconds } from '@strata/fl-core/rounds';
import { count } from 'drizzle-orm';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type pg from 'pg';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { HasBackground } from '../live/background.ts';
import { now } from '../live/clock.ts';
import type { HasSpace } from '../store/disk-space.ts';
import { findRound } from '../store/rows.ts';
import { runs } from '../store/schema.ts';
import type { HasDb } from '../store/store.ts';
import type { EventLog, LogLine } from '../views/event-log.ts';
import { NetworkBytes } from './network-bytes.ts';

type MetricsPorts = HasDb &
  HasSpace &
  HasBackground & {
    /** The connections below the database. */
    readonly pool: Pick<pg.Pool, 'totalCount' | 'idleCount' | 'waitingCount'>;
    readonly events: Pick<EventLog, 'onAdded'>;
    readonly log: FastifyBaseLogger;
    /** Sockets of this process that are open. */
    readonly sockets: () => Readonly<Record<'clients' | 'operators', number>>;
  };

/** A database that has not answered by then is told as away: Prometheus waits 10 seconds for all of it. */
const databaseMs = 3_000;
/** Phases take from milliseconds to a day. */
const phaseBuckets = [0.1, 0.5, 1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 14_400, 86_400];
const requestBuckets = [0.005, 0.02, 0.1, 0.5, 2, 10, 60];

/** Of the process, however many servers are in it: event loop, memory, CPU, garbage collection, open files. */
let ofProcess: Registry | null = null;
function processMetrics(): Registry {
  if (ofProcess === null) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess });
  }
  return ofProcess;
}

/**
 * Figures of this process for Prometheus (docs/deploy.md lists them). Counts begin at 0 when it starts, and are of what
 * this process did: those of several nodes on one database are added. What is read of the database and the disk is the
 * same whichever node is asked.
 */
export class Metrics {
  readonly #process = processMetrics();
  readonly #own = new Registry();
  readonly #ports: MetricsPorts;
  readonly #lines = new Counter({
    name: 'strata_log_lines_total',
    help: 'Lines added to the logs of runs, by kind.',
    labelNames: ['kind', 'level'],
    registers: [this.#own],
  });
  readonly #rounds = new Counter({
    name: 'strata_rounds_total',
    help: 'Rounds that ended.',
    labelNames: ['outcome'],
    registers: [this.#own],
  });
  readonly #phases = new Histogram({
    name: 'strata_round_phase_seconds',
    help: 'How long the phases of ended rounds took.',
    labelNames: ['phase', 'outcome'],
    buckets: phaseBuckets,
    registers: [this.#own],
  });
  readonly #requests = new Histogram({
    name: 'strata_http_request_seconds',
    help: 'HTTP requests, until the answer is sent.',
    labelNames: ['method', 'route', 'status'],
    buckets: requestBuckets,
    registers: [this.#own],
  });

  readonly #runs = this.#gauge('strata_runs', 'Runs by state.', 'state');
  readonly #connections = this.#gauge('strata_connections', 'Open sockets of this process.', 'namespace');
  readonly #diskFree = this.#gauge('strata_disk_free_bytes', 'Where DATA_DIR is.');
  readonly #diskFull = this.#gauge('strata_disk_full', '1 while the disk counts as full.');
  readonly #databaseUp = this.#gauge('strata_database_up', '0 where the database did not answer.');
  readonly #databaseAnswer = this.#gauge(
    'strata_database_answer_seconds',
    'How long the query for strata_runs took, waiting for a connection included.',
  );
  readonly #pool = this.#gauge('strata_database_connections', 'Of the pool.', 'state');
  readonly #waiting = this.#gauge('strata_database_waiting', 'Queries that wait for a connection.');
  readonly #bytes = new Counter({
    name: 'strata_network_bytes_total',
    help: 'Bytes of all connections of this process, WebSockets included.',
    labelNames: ['direction'],
    registers: [this.#own],
  });
  readonly #network: NetworkBytes;

  constructor(fastify: FastifyInstance, ports: MetricsPorts) {
    this.#ports = ports;
    this.#network = new NetworkBytes(fastify.server);
    for (const outcome of ['committed', 'abandoned']) this.#rounds.inc({ outcome }, 0);
    ports.events.onAdded((run, line) => this.#heard(run, line));
    fastify.addHook('onResponse', async ({ method, routeOptions: { url } }, { statusCode, elapsedTime }) => {
      // What is no route could be any text.
      const labels = { method, route: url ?? 'none', status: `${Math.floor(statusCode / 100)}xx` };
      this.#requests.observe(labels, elapsedTime / 1000);
    });
  }

  /** As Prometheus reads them. */
  async text(): Promise<string> {
    await Promise.all([this.#lookAtDatabase(), this.#lookAtDisk()]);
    this.#lookAtConnections();
    return `${await this.#own.metrics()}\n${await this.#process.metrics()}`;
  }

  #gauge(name: string, help: string, label?: string): Gauge {
    return new Gauge({ name, help, labelNames: label === undefined ? [] : [label], registers: [this.#own] });
  }

  #lookAtConnections(): void {
    const { pool, sockets } = this.#ports;
    for (const [namespace, open] of Object.entries(sockets())) this.#connections.set({ namespace }, open);
    this.#pool.set({ state: 'idle' }, pool.idleCount);
    this.#pool.set({ state: 'busy' }, pool.totalCount - pool.idleCount);
    this.#waiting.set(pool.waitingCount);
    this.#bytes.reset();
    for (const [direction, bytes] of Object.entries(this.#network.total))
      this.#bytes.inc({ direction }, bytes);
  }

  async #lookAtDisk(): Promise<void> {
    const { space } = this.#ports;
    const free = await space.free().catch(() => null);
    if (free === null) this.#diskFree.remove();
    else this.#diskFree.set(free);
    this.#diskFull.set(Number(space.full));
  }

  /** What is not known is told as absent. */
  async #lookAtDatabase(): Promise<void> {
    const { db } = this.#ports;
    const began = performance.now();
    const counts = await inTime(db.select({ state: runs.state, n: count() }).from(runs).groupBy(runs.state));
    const seconds = (performance.now() - began) / 1000;
    this.#databaseUp.set(Number(counts !== null));
    this.#runs.reset();
    if (counts === null) return this.#databaseAnswer.remove();
    this.#databaseAnswer.set(seconds);
    for (const state of RunState.options) this.#runs.set({ state }, 0);
    for (const { state, n } of counts) this.#runs.set({ state }, n);
  }

  #heard(run: string, { kind, level = 'info', round }: LogLine): void {
    this.#lines.inc({ kind, level });
    if (round === undefined) return;
    if (kind === 'round-committed') this.#ended(run, round, 'committed');
    if (kind === 'round-abandoned') this.#ended(run, round, 'abandoned');
  }

  #ended(run: string, number: number, outcome: 'committed' | 'abandoned'): void {
    this.#rounds.inc({ outcome });
    const { background, db } = this.#ports;
    background.run('measuring a round', { run, round: number }, async () => {
      const round = await findRound(db, run, number);
      if (round === null) return;
      const seconds = phaseSeconds(round, now());
      for (const phase of Object.keys(seconds) as (Phase & keyof typeof seconds)[]) {
        if (round.began[phase] !== undefined) this.#phases.observe({ phase, outcome }, seconds[phase]);
      }
    });
  }
}

/** Null where the database has not answered in time. */
async function inTime<T>(work: PromiseLike<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, databaseMs, null);
  });
  return Promise.race([Promise.resolve(work).catch(() => null), late]).finally(() => clearTimeout(timer));
}
