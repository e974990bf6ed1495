import { setTimeout as sleep } from 'node:timers/promises';
import { StrataError } from '@strata/fl-core/protocol';
import pg from 'pg';

/**
 * The database is this process's alone, as DATA_DIR is, or of servers that are meant to share it: two servers with other
 * folders of blobs would spoil each other's runs.
 */
export interface DatabaseLock {
  /** Resolves when another server took the database while it could not be reached: stop at once. */
  readonly lost: Promise<Error>;
  /** Whether the database could not be reached at the last look. */
  readonly away: boolean;
  /** `listener` hears that the database is back, and for how many milliseconds it was away. */
  onBack(listener: (awayMs: number) => void): void;
  /** The session that has the lock; null while the database is away. What it is asked must be answered at once. */
  readonly session: pg.Client | null;
  /** `listener` is handed the session, and each later one before anybody hears that the database is back. */
  onSession(listener: (session: pg.Client) => Promise<void>): void;
  release(): Promise<void>;
}

/** Whether nobody else may use the database, or all who say so, too, may. */
export type DatabaseUse = 'alone' | 'shared';

/** An advisory lock of the session, in two halves: whose, and what for. */
const lockKey = [7_233_921, 1] as const;
const tries = {
  alone: 'pg_try_advisory_lock',
  shared: 'pg_try_advisory_lock_shared',
} as const satisfies Record<DatabaseUse, string>;
const connectTimeoutMs = 10_000;
/** How often the connection is looked at: one that died silently is not noticed otherwise. */
const lookMs = 5_000;
const lookTimeoutMs = 10_000;
/** Between tries to take it again. */
const againMs = 500;
/** The database may take so long to see that a killed process is gone. */
const patienceMs = 5_000;

/** A session of the database server; its process number alone is used again. */
interface Session {
  readonly pid: number;
  readonly since: string;
}

/**
 * @throws StrataError `unavailable` when another server holds it, or does not share it. Errors of the connection are
 *   thrown as they are.
 */
export async function lockDatabase(url: string, use: DatabaseUse = 'alone'): Promise<DatabaseLock> {
  const lock = new HeldLock(url, use);
  await lock.begin();
  return lock;
}

class HeldLock implements DatabaseLock {
  readonly lost: Promise<Error>;
  readonly #url: string;
  readonly #use: DatabaseUse;
  #lose: (error: Error) => void = () => {};
  #client: pg.Client | null = null;
  /** The session that had the lock last. */
  #session: Session | null = null;
  #awaySince: number | null = null;
  readonly #listeners: ((awayMs: number) => void)[] = [];
  readonly #sessionListeners: ((session: pg.Client) => Promise<void>)[] = [];
  #timer: NodeJS.Timeout | null = null;
  #released = false;

  constructor(url: string, use: DatabaseUse) {
    this.#url = url;
    this.#use = use;
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
  }

  get away(): boolean {
    return this.#awaySince !== null;
  }

  onBack(listener: (awayMs: number) => void): void {
    this.#listeners.push(listener);
  }

  get session(): pg.Client | null {
    return this.#client;
  }

  onSession(listener: (session: pg.Client) => Promise<void>): void {
    this.#sessionListeners.push(listener);
    const client = this.#client;
    if (client) listener(client).catch(() => this.#broke(client));
  }

  async begin(): Promise<void> {
    const end = Date.now() + patienceMs;
    for (;;) {
      if (await this.#take()) return;
      if (Date.now() > end) {
        throw new StrataError(
          'unavailable',
          `The database ${shownDatabase(this.#url)} is in use by another Strata server${this.#use === 'alone' ? '' : ' that does not share it'}.`,
          this.#use === 'alone'
            ? 'Stop that server, or start this one with another DATABASE_URL; to share it, give both the same SHARED_DIR.'
            : 'Stop that server and start it with the same SHARED_DIR, or start this one with another DATABASE_URL.',
        );
      }
      await sleep(againMs);
    }
  }

  async release(): Promise<void> {
    this.#released = true;
    if (this.#timer) clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(() => {});
  }

  /** Whether it has the lock now. Throws when the database cannot be reached. */
  async #take(): Promise<boolean> {
    const client = new pg.Client({
      connectionString: this.#url,
      connectionTimeoutMillis: connectTimeoutMs,
      query_timeout: lookTimeoutMs,
      keepAlive: true,
      application_name: 'strata-lock',
    });
    client.on('error', () => this.#broke(client));
    client.on('end', () => this.#broke(client));
    try {
      await client.connect();
      const took = await tryLock(client, this.#use);
      if (took === null) {
        // A session of our own that the database still believes alive: nobody else's is touched.
        if (this.#session) await endSession(client, this.#session);
        await client.end();
        return false;
      }
      if (this.#released) {
        await client.end();
        return false;
      }
      // What it had locked besides is free only when it is gone.
      if (this.#session && this.#use === 'shared') await endSession(client, this.#session);
      for (const listener of this.#sessionListeners) await listener(client);
      this.#client = client;
      this.#session = took;
      this.#timer = setTimeout(() => this.#look(client), lookMs).unref();
      return true;
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
  }

  #look(client: pg.Client): void {
    client.query('select 1').then(
      () => {
        if (this.#client === client) this.#timer = setTimeout(() => this.#look(client), lookMs).unref();
      },
      () => this.#broke(client),
    );
  }

  #broke(client: pg.Client): void {
    if (this.#released || this.#client !== client) return;
    this.#client = null;
    if (this.#timer) clearTimeout(this.#timer);
    client.end().catch(() => {});
    this.#awaySince ??= Date.now();
    void this.#takeAgain();
  }

  async #takeAgain(): Promise<void> {
    // A session of ours that was ended just now, or was not yet seen to be gone, is one try; a server is there for good.
    let refusals = 0;
    while (!this.#released) {
      try {
        if (await this.#take()) return this.#back();
        refusals += 1;
      } catch {
        refusals = 0; // still away
      }
      if (refusals > patienceMs / againMs) {
        this.#lose(
          new StrataError(
            'unavailable',
            `The database ${shownDatabase(this.#url)} was taken over by another Strata server while it did not answer.`,
            'Stop one of the two, or give each a database of its own.',
          ),
        );
        return;
      }
      await sleep(againMs);
    }
  }

  #back(): void {
    const awayMs = Date.now() - (this.#awaySince ?? Date.now());
    this.#awaySince = null;
    for (const listener of this.#listeners) listener(awayMs);
  }
}

/** The session that has the lock now if it is this one; null: another one has it. */
async function tryLock(client: pg.Client, use: DatabaseUse): Promise<Session | null> {
  const { rows } = await client.query<{ taken: boolean; pid: number; since: string }>(
    `select ${tries[use]}($1, $2) as taken, pid, backend_start::text as since
     from pg_stat_activity where pid = pg_backend_pid()`,
    [...lockKey],
  );
  const [row] = rows;
  return row?.taken ? { pid: row.pid, since: row.since } : null;
}

async function endSession(client: pg.Client, { pid, since }: Session): Promise<void> {
  await client.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and backend_start::text = $2',
    [pid, since],
  );
}

/** An address of a database for people: without its password. */
export function shownDatabase(url: string): string {
  const shown = new URL(url);
  shown.password = '';
  shown.searchParams.delete('password');
  return shown.href;
}
