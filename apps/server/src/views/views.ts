import { layerBytes, modelName, parameterCount, specOf } from '@strata/fl-core/models/layouts';
import {
  type ClientView,
  type LayerView,
  type Progress,
  type Role,
  type RoundDetail,
  type RoundSummary,
  type RunConfig,
  type RunListItem,
  type RunManifest,
  type RunPublic,
  type RunView,
  roleAllows,
  secretSampling,
  tellsFigures,
} from '@strata/fl-core/protocol';
import { isRunOver, layoutFor, memberViews, shownConfig } from '@strata/fl-core/rounds';
import { and, desc, eq, isNotNull } from 'drizzle-orm';
import type { HasBus } from '../live/bus.ts';
import type { SeesPresence } from '../live/presence.ts';
import {
  countCommitted,
  findRound,
  getCheckpoint,
  getRound,
  getRun,
  listClients,
  listMembers,
  listReleased,
  openRound,
  type RoundRow,
  type RunRow,
} from '../store/rows.ts';
import { checkpoints, clients, draws, invitations, rounds, runs } from '../store/schema.ts';
import type { HasDb, Queryable } from '../store/store.ts';
import { claimedSpending, roundSummary } from './summed-up.ts';

/** Newest rounds in a {@link RunView}. */
const shownRounds = 200;
/** Clients in a {@link RunView}: the newest, those who are there first. */
const shownClients = 500;
/** Points of a {@link RunListItem}'s curve. */
const shownAccuracies = 40;
/** Committed rounds that the length of the next is guessed from. */
const timedRounds = 3;
/** Runs whose closed rounds are remembered as summaries. */
const cachedRuns = 50;

/** All parts of a view are of one moment. */
const snapshot = { isolationLevel: 'repeatable read', accessMode: 'read only' } as const;

const absent = { backend: 'cpu', reason: 'not introduced yet', adapter: '', threads: 1 } as const;

/** Losses of who should tell none are shown to nobody, whatever its client sends. */
function shownProgress(config: RunConfig, progress: Progress | null): Progress | null {
  if (progress === null || tellsFigures(config)) return progress;
  const { loss: _, ...rest } = progress;
  return rest;
}

/** A run as somebody of a role sees it: viewers invite nobody. */
export const shownTo = (role: Role, view: RunView): RunView =>
  roleAllows(role, 'operator') ? view : { ...view, joinKey: '' };

/** What dashboards and participants see, made from rows. Closed rounds never change and are summed up once. */
export class Views {
  readonly #ports: HasDb & SeesPresence;
  /** Summaries of closed rounds, by run; the run used last is last. */
  readonly #closed = new Map<string, Map<number, RoundSummary>>();

  constructor(ports: HasDb & SeesPresence & HasBus) {
    this.#ports = ports;
    ports.bus.onDeleted((run) => this.#closed.delete(run));
  }

  /** What a client must know of a run. Throws `unknown-run`. */
  async manifest(id: string): Promise<RunManifest> {
    const { config, assets } = await getRun(this.#ports.db, id);
    return { id, config: shownConfig(config), assets };
  }

  /** Throws `unknown-run`. */
  run(id: string): Promise<RunView> {
    return this.#ports.db.transaction((tx) => this.#run(tx, id), snapshot);
  }

  async #run(db: Queryable, id: string): Promise<RunView> {
    const run = await getRun(db, id);
    const newest = await db
      .select()
      .from(rounds)
      .where(eq(rounds.run, id))
      .orderBy(desc(rounds.round))
      .limit(shownRounds);
    const summaries: RoundSummary[] = [];
    for (const row of newest.reverse()) summaries.push(await this.#summary(db, run, row));
    const { round, layers } = await getCheckpoint(db, id, run.committedRound);
    return {
      id,
      joinKey: run.joinKey,
      config: shownConfig(run.config),
      state: run.state,
      reason: run.reason,
      createdAt: run.createdAt.getTime(),
      layers: this.#layers(run),
      modelBytes: this.#modelBytes(run),
      committed: await countCommitted(db, id),
      rounds: summaries,
      clients: await this.#clients(db, run),
      checkpoint: { round, layers },
      // Where cohorts are drawn in secret, that is what the models' bound rests on.
      sampling: isRunOver(run) && secretSampling(run.config) === null ? run.sampling : null,
      spent: await this.#spent(db, run),
      tests: await this.#tests(db, id),
    };
  }

  async #tests(db: Queryable, run: string): Promise<RunView['tests']> {
    const rows = await db
      .select({ test: checkpoints.test })
      .from(checkpoints)
      .where(and(eq(checkpoints.run, run), isNotNull(checkpoints.test)))
      .orderBy(desc(checkpoints.round))
      .limit(shownRounds);
    return rows.reverse().flatMap(({ test }) => (test === null ? [] : [test]));
  }

  async #spent(db: Queryable, run: RunRow): Promise<RunView['spent']> {
    const { privacy } = run.config;
    switch (privacy.kind) {
      case 'none':
        return null;
      case 'sample':
        return run.spent ?? claimedSpending(db, run.id);
      case 'client':
      case 'distributed':
        break;
      default:
        return privacy satisfies never;
    }
    const released = await listReleased(db, run);
    return { epsilon: released.at(-1)?.epsilon ?? 0, models: released.filter((r) => r.model).length };
  }

  /** Throws `unknown-run` or `unknown-round`. */
  async round(id: string, number: number): Promise<RoundDetail> {
    const { db } = this.#ports;
    const run = await getRun(db, id);
    const row = await getRound(db, id, number);
    const [checkpoint] = await db
      .select({ round: checkpoints.round, layers: checkpoints.layers })
      .from(checkpoints)
      .where(and(eq(checkpoints.run, id), eq(checkpoints.round, number)));
    const cohort = await listMembers(db, id, number);
    const [draw] = await db
      .select({ drawnFrom: draws.drawnFrom })
      .from(draws)
      .where(and(eq(draws.run, id), eq(draws.round, number)));
    return {
      ...(await this.#summary(db, run, row)),
      members: memberViews(run.config, cohort),
      checkpoint: checkpoint ?? null,
      drawnFrom: draw?.drawnFrom ?? null,
    };
  }

  async list(): Promise<RunListItem[]> {
    const rows = await this.#ports.db.select().from(runs).orderBy(desc(runs.createdAt));
    const items: RunListItem[] = [];
    for (const run of rows) {
      items.push({
        id: run.id,
        name: run.config.name,
        model: modelName(run.config.model),
        strategy: run.config.strategy,
        budget: run.config.budget,
        seed: run.config.seed,
        task: run.config.task.name,
        state: run.state,
        createdAt: run.createdAt.getTime(),
        rounds: run.config.rounds,
        committed: await countCommitted(this.#ports.db, run.id),
        clients: await this.#present(run),
        accuracy: await this.#accuracy(run),
        accuracies: await this.#accuracies(run),
      });
    }
    return items;
  }

  /** What anybody with the join link may know, and of a listed run anybody. Throws `unknown-run`. */
  async public(id: string): Promise<RunPublic> {
    const { db } = this.#ports;
    const run = await getRun(db, id);
    const round = await openRound(db, id);
    const { config } = run;
    return {
      id,
      name: config.name,
      description: config.description,
      model: specOf(config).title,
      data: config.data,
      task: config.task,
      labels: config.labels,
      strategy: config.strategy.name,
      budget: config.budget,
      purpose: config.purpose,
      approval: config.approval,
      privacy: config.privacy,
      sealing: config.aggregation.sealing,
      cohort: { minimum: config.cohort.minimum, goal: config.cohort.goal },
      local: {
        batchSize: config.local.batchSize,
        epochs: config.local.epochs,
        warmUp: config.local.head.warmUp,
      },
      state: run.state,
      rounds: config.rounds,
      committed: await countCommitted(db, id),
      phase: round?.phase ?? null,
      clients: await this.#present(run),
      accuracy: await this.#accuracy(run),
      roundSeconds: await this.#roundSeconds(run),
    };
  }

  /** Listed runs that can be joined. */
  async publicList(): Promise<RunPublic[]> {
    const rows = await this.#ports.db.select().from(runs).orderBy(desc(runs.createdAt));
    const open = rows.filter(
      (r) => r.config.visibility === 'listed' && (r.state === 'running' || r.state === 'paused'),
    );
    const views: RunPublic[] = [];
    for (const { id } of open.slice(0, 100)) views.push(await this.public(id));
    return views;
  }

  async #accuracies(run: RunRow): Promise<number[]> {
    const newest = await this.#ports.db
      .select()
      .from(rounds)
      .where(and(eq(rounds.run, run.id), eq(rounds.phase, 'committed')))
      .orderBy(desc(rounds.round))
      .limit(shownAccuracies);
    const values: number[] = [];
    for (const row of newest.reverse()) {
      const { accuracy } = await this.#summary(this.#ports.db, run, row);
      if (accuracy !== null) values.push(accuracy);
    }
    return values;
  }

  /** How many are connected and let in. */
  async #present({ id, config }: RunRow): Promise<number> {
    const connected = this.#ports.presence.connected(id);
    if (!config.approval) return connected.length;
    return (await listClients(this.#ports.db, id, connected)).filter((c) => !c.awaitsApproval).length;
  }

  async #roundSeconds(run: RunRow): Promise<number | null> {
    if (run.committedRound === 0) return null;
    const newest = await this.#ports.db
      .select()
      .from(rounds)
      .where(and(eq(rounds.run, run.id), eq(rounds.phase, 'committed')))
      .orderBy(desc(rounds.round))
      .limit(timedRounds);
    let total = 0;
    for (const row of newest) {
      const { seconds } = await this.#summary(this.#ports.db, run, row);
      for (const phase of Object.values(seconds)) total += phase;
    }
    return newest.length === 0 ? null : total / newest.length;
  }

  async #accuracy(run: RunRow): Promise<number | null> {
    if (run.committedRound === 0) return null;
    const row = await findRound(this.#ports.db, run.id, run.committedRound);
    if (!row) return null;
    // Of a sealed run's newest model nobody knows yet: it is that of the one before.
    const { accuracy } = await this.#summary(this.#ports.db, run, row);
    return accuracy ?? row.sealed?.figures?.before?.accuracy ?? null;
  }

  async #summary(db: Queryable, run: RunRow, row: RoundRow): Promise<RoundSummary> {
    const known = this.#cache(run.id).get(row.round);
    if (known) return known;
    const { summary, settled } = await roundSummary(db, run, row);
    if (settled) this.#cache(run.id).set(row.round, summary);
    return summary;
  }

  #cache(run: string): Map<number, RoundSummary> {
    const cache = this.#closed.get(run) ?? new Map<number, RoundSummary>();
    this.#closed.delete(run);
    this.#closed.set(run, cache);
    for (const oldest of this.#closed.keys()) {
      if (this.#closed.size <= cachedRuns) break;
      this.#closed.delete(oldest);
    }
    for (const oldest of cache.keys()) {
      if (cache.size <= 2 * shownRounds) break;
      cache.delete(oldest);
    }
    return cache;
  }

  #layers(run: RunRow): LayerView[] {
    return layoutFor(run.config).layers.map((layer) => ({
      name: layer.name,
      role: layer.role,
      parameters: parameterCount(layer),
      bytes: layerBytes(layer),
    }));
  }

  #modelBytes(run: RunRow): number {
    return this.#layers(run).reduce((n, l) => n + l.bytes, 0);
  }

  async #clients(db: Queryable, { id: run, config }: RunRow): Promise<ClientView[]> {
    const { presence } = this.#ports;
    const rows = await db
      .select({ client: clients, site: invitations.site })
      .from(clients)
      .leftJoin(invitations, eq(clients.invitation, invitations.id))
      .where(and(eq(clients.run, run), isNotNull(clients.hello)))
      .orderBy(clients.left, desc(clients.joinedAt))
      .limit(shownClients);
    return rows
      .map(({ client: { id, hello, paused, banned, awaitsApproval, left, joinedAt }, site }) => ({
        id,
        name: hello?.name ?? '',
        site: site ?? '',
        presence: left ? ('left' as const) : presence.state(run, id),
        paused,
        banned,
        awaitsApproval,
        device: hello?.device ?? absent,
        samples: hello?.samples ?? 0,
        heldOut: hello?.heldOut ?? 0,
        joinedAt: joinedAt.getTime(),
        progress: shownProgress(config, presence.progress(run, id)),
      }))
      .sort((a, b) => a.joinedAt - b.joinedAt || (a.id < b.id ? -1 : 1));
  }
}
