import { StrataError } from '@strata/fl-core/protocol';
import { and, eq, inArray, notInArray, or, type SQL, sql } from 'drizzle-orm';
import { closedPhases } from '../store/rows.ts';
import { leases, rounds, runs } from '../store/schema.ts';
import type { Database, HasDb, Queryable } from '../store/store.ts';

/** How long a lease holds when it is not renewed, in seconds of the database's clock: what a take-over waits for. */
export const leaseSeconds = 9;

/** Of the server that has the database to itself, whose lock says so: nothing to renew. */
const forever = sql`'infinity'::timestamptz`;
const fromNow = sql`now() + make_interval(secs => ${leaseSeconds})`;

/**
 * Which runs this server drives. A run has one owner at a time, and a fence that rises with each; every transaction of
 * a transition demands the fence ({@link fenced}), so that who was the owner, and was suspended or cut off meanwhile,
 * changes nothing any more. A server that shares its database renews its leases; one that is alone holds them for ever,
 * and takes every run at its start.
 */
export class Leases {
  readonly #db: Database;
  readonly #node: string;
  readonly #alone: boolean;
  /** Fences of the runs that are this node's, as far as it knows. */
  readonly #held = new Map<string, number>();
  /** Runs that were seen to be another node's, and until when that is believed, by a clock that is never set. */
  readonly #elsewhere = new Map<string, number>();
  /** What is being asked of the database: a run that is taken twice at once would have two fences. */
  readonly #taking = new Map<string, Promise<number | null>>();

  /** @param node no other server's, and no earlier process's. */
  constructor({ db }: HasDb, node: string, alone: boolean) {
    this.#db = db;
    this.#node = node;
    this.#alone = alone;
  }

  /** The fence of a run that this server drives, as far as it knows; null: another one does, or nobody. */
  fenceOf(run: string): number | null {
    return this.#held.get(run) ?? null;
  }

  /** Every run that this server drives. */
  get runs(): string[] {
    return [...this.#held.keys()];
  }

  /**
   * Makes this server the owner of a run that has something to be driven, if it is free.
   * @returns the fence, an old one's too; null where another node drives the run, or nothing is to be driven.
   */
  async take(run: string): Promise<number | null> {
    const held = this.#held.get(run);
    if (held !== undefined) return held;
    if ((this.#elsewhere.get(run) ?? 0) > performance.now()) return null;
    return this.#take(run, isActive);
  }

  /** As {@link take}, of a run that is over too: whoever deletes it is its last owner. */
  async takeOver(run: string): Promise<number | null> {
    return this.#held.get(run) ?? (await this.#take(run, sql`true`));
  }

  async #take(run: string, which: SQL | undefined): Promise<number | null> {
    const under = this.#taking.get(run);
    if (under) return under;
    const taking = this.#ask(run, which).finally(() => this.#taking.delete(run));
    this.#taking.set(run, taking);
    return taking;
  }

  async #ask(run: string, which: SQL | undefined): Promise<number | null> {
    const until = this.#alone ? forever : fromNow;
    const taken = await this.#db.execute<{ fence: string }>(sql`
      insert into ${leases} as held (run, owner, lease_until, fence)
      select ${runs.id}, ${this.#node}, ${until}, 1 from ${runs} where ${runs.id} = ${run} and ${which}
      on conflict (run) do update
        set owner = excluded.owner, lease_until = excluded.lease_until, fence = held.fence + 1
        where ${this.#alone ? sql`true` : sql`held.lease_until <= now() or held.lease_until = ${forever}`}
      returning fence`);
    const fence = taken.rows[0]?.fence;
    if (fence !== undefined) {
      this.#elsewhere.delete(run);
      this.#held.set(run, Number(fence));
      return Number(fence);
    }
    if (!this.#alone) await this.#lookElsewhere(run);
    return null;
  }

  /** Asking again on every event of a run that another node drives would be a query for nothing. */
  async #lookElsewhere(run: string): Promise<void> {
    const rows = await this.#db
      .select({ run: leases.run })
      .from(leases)
      .where(and(eq(leases.run, run), sql`${leases.leaseUntil} > now()`));
    if (rows.length > 0) this.#elsewhere.set(run, performance.now() + (1000 * leaseSeconds) / 4);
    else this.#elsewhere.delete(run);
  }

  /** Takes every run that has something to be driven and no living owner. Returns those it took. */
  async takeFree(): Promise<string[]> {
    const free = this.#alone
      ? sql`true`
      : sql`${leases.run} is null or ${leases.leaseUntil} <= now() or ${leases.leaseUntil} = ${forever}`;
    const rows = await this.#db
      .select({ id: runs.id })
      .from(runs)
      .leftJoin(leases, eq(leases.run, runs.id))
      .where(and(isActive, free));
    const taken: string[] = [];
    for (const { id } of rows) {
      if (this.#held.has(id)) continue;
      this.#elsewhere.delete(id);
      if ((await this.take(id)) !== null) taken.push(id);
    }
    return taken;
  }

  /**
   * Renews what is held, also what was past its time and nobody took. What somebody took is not held any more.
   * @returns how many runs were lost.
   */
  async renew(): Promise<number> {
    const before = this.runs;
    if (this.#alone || before.length === 0) return 0;
    const renewed = await this.#db
      .update(leases)
      .set({ leaseUntil: fromNow })
      .where(and(eq(leases.owner, this.#node), inArray(leases.run, before)))
      .returning({ run: leases.run, fence: leases.fence });
    const still = new Set(renewed.flatMap(({ run, fence }) => (this.#held.get(run) === fence ? [run] : [])));
    const lost = before.filter((run) => !still.has(run));
    for (const run of lost) this.#held.delete(run);
    return lost.length;
  }

  /** The run is not driven any more; who drives it next need not wait. Its row stays, since its fence only rises. */
  async release(run: string): Promise<void> {
    const fence = this.#held.get(run);
    if (fence === undefined) return;
    await this.#db
      .update(leases)
      .set({ leaseUntil: sql`now()` })
      .where(and(eq(leases.run, run), eq(leases.fence, fence)));
    this.#forget(run, fence);
  }

  /** Lets go of everything, so that other nodes take it over at once. */
  async releaseAll(): Promise<void> {
    for (const run of this.runs) await this.release(run);
  }

  #forget(run: string, fence: number): void {
    if (this.#held.get(run) === fence) this.#held.delete(run);
  }

  /**
   * The database for whoever drives a run: each of its transactions first makes sure of the fence and keeps it from
   * being taken until it ends. Reads are as they were; a write outside a transaction is a mistake.
   * @throws {StrataError} `unavailable`, by the transaction, when the run is not this server's any more.
   */
  fenced(run: string, fence: number): Database {
    const demand = async (tx: Queryable): Promise<void> => {
      const rows = await tx
        .select({ run: leases.run })
        .from(leases)
        .where(and(eq(leases.run, run), eq(leases.owner, this.#node), eq(leases.fence, fence)))
        .for('share');
      if (rows.length > 0) return;
      this.#forget(run, fence);
      throw new StrataError(
        'unavailable',
        `Run ${run} is driven by another server by now.`,
        'Nothing is to be done: that one goes on with it.',
      );
    };
    const transaction: Database['transaction'] = (work, config) =>
      this.#db.transaction(async (tx) => {
        await demand(tx);
        return work(tx);
      }, config);
    const bare = (): never => {
      throw new Error('A transition writes in a transaction, which demands the fence.');
    };
    const db: Database = Object.create(this.#db);
    return Object.assign(db, { transaction, insert: bare, update: bare, delete: bare });
  }
}

/** Runs that somebody must drive: under way, or over with a round that is still to be ended. */
const isActive = or(
  inArray(runs.state, ['running', 'paused']),
  sql`exists (select 1 from ${rounds} where ${rounds.run} = ${runs.id} and ${notInArray(rounds.phase, closedPhases)})`,
);

export interface HasLeases {
  readonly leases: Leases;
}
