import { setTimeout as sleep } from 'node:timers/promises';
import { StrataError } from '@strata/fl-core/protocol';
import type pg from 'pg';
import type { DatabaseLock } from './database-lock.ts';
import type { AcrossNodes, StillMine } from './shared-lock.ts';

const lockKey = [7_233_921, 2] as const;
const againMs = 25;
/** For so long somebody who names a blob waits for a deletion, or for a database that is away. */
const patienceMs = 10_000;

/**
 * The lock of naming among nodes, as advisory locks of PostgreSQL. Shared it is one of the session that has the
 * database's lock, taken when the first of this server comes and given back when the last has gone: a thousand uploads
 * take one. Exclusive it is one of a transaction, which PostgreSQL ends when the process is suspended in it
 * (`idle_in_transaction_session_timeout`), so that no node waits for one that stands still.
 */
export class NamingLock implements AcrossNodes {
  readonly #lock: Pick<DatabaseLock, 'session'>;
  readonly #pool: pg.Pool;
  #holders = 0;
  /** Resolves to the session that has the lock. */
  #held: Promise<pg.Client> | null = null;

  constructor(lock: Pick<DatabaseLock, 'session'>, pool: pg.Pool) {
    this.#lock = lock;
    this.#pool = pool;
  }

  async enter(): Promise<void> {
    this.#holders += 1;
    try {
      for (;;) {
        this.#held ??= this.#take();
        const held = this.#held;
        // One that has ended meanwhile has lost the lock, whoever entered by it.
        if ((await held) === this.#lock.session) return;
        if (this.#held === held) this.#held = null;
      }
    } catch (error) {
      this.leave();
      throw error;
    }
  }

  leave(): void {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    const held = this.#held;
    this.#held = null;
    held
      ?.then(
        (session) => session.query('select pg_advisory_unlock_shared($1, $2)', [...lockKey]),
        () => {},
      )
      .catch(() => {}); // the session is gone, and its locks with it
  }

  async #take(): Promise<pg.Client> {
    const end = performance.now() + patienceMs;
    while (performance.now() < end) {
      const { session } = this.#lock;
      if (session && (await tryLock(session, 'pg_try_advisory_lock_shared').catch(() => false)))
        return session;
      await sleep(againMs);
    }
    throw new StrataError(
      'unavailable',
      'The server cannot keep files at the moment.',
      'Try again in a moment; the server goes on by itself.',
    );
  }

  async exclusive(work: (stillMine: StillMine) => Promise<void>): Promise<boolean> {
    const client = await this.#pool.connect();
    let broken = true;
    try {
      await client.query('begin');
      const mine = await tryLock(client, 'pg_try_advisory_xact_lock');
      if (mine) {
        await work(async () => {
          await client.query('select 1');
        });
      }
      await client.query('commit');
      broken = false;
      return mine;
    } finally {
      // A connection in a transaction is not given back.
      client.release(broken);
    }
  }
}

async function tryLock(client: Pick<pg.ClientBase, 'query'>, how: string): Promise<boolean> {
  const { rows } = await client.query<{ taken: boolean }>(`select ${how}($1, $2) as taken`, [...lockKey]);
  return rows[0]?.taken === true;
}
