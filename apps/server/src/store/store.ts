import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StrataError } from '@strata/fl-core/protocol';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { messageOf } from '../failure.ts';
import { openBlobFolder } from './blob-folder.ts';
import type { BlobStore } from './blobs.ts';
import { openEmbeddedPostgres } from './embedded/postgres.ts';
import { lockDataDir } from './lock/data-dir-lock.ts';
import { migrate } from './migrate.ts';
import * as schema from './schema.ts';

export type Database = NodePgDatabase<typeof schema>;
/** The database or a transaction on it. */
export type Queryable = Pick<
  Database,
  'select' | 'selectDistinctOn' | 'insert' | 'update' | 'delete' | 'execute'
>;

export interface HasDb {
  /** See {@link Store.db} about transactions. */
  readonly db: Database;
}

export interface StoreSettings {
  /** Absolute. */
  readonly dataDir: string;
  /** Null: the embedded database. */
  readonly databaseUrl: string | null;
}

/** Everything the server keeps: the database and the blobs. */
export interface Store {
  /**
   * Inside `db.transaction` use only the transaction it hands out: the embedded database has one session, so a
   * query on `db` would wait for the transaction, and the transaction for the query.
   */
  readonly db: Database;
  /** The connections below `db`; also for DBOS (`systemDatabasePool`). */
  readonly pool: pg.Pool;
  /** For DBOS, which wants an address even beside a pool. */
  readonly databaseUrl: string;
  readonly blobs: BlobStore;
  /** Resolves when the store cannot go on (lock lost, database thread dead): the process must end at once. */
  readonly lost: Promise<Error>;
  close(): Promise<void>;
}

/** DBOS keeps one connection for LISTEN. */
const POOL_SIZE = 16;
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Locks DATA_DIR, opens the database (PostgreSQL at DATABASE_URL, else the embedded one), brings its tables up
 * to date and opens the blob folder. Throws `unavailable` when the folder is locked or the database cannot be
 * reached.
 */
export async function openStore(settings: StoreSettings): Promise<Store> {
  const { dataDir, databaseUrl } = settings;
  await mkdir(dataDir, { recursive: true });
  const lock = await lockDataDir(dataDir);
  try {
    const database = databaseUrl === null ? await openEmbedded(dataDir) : await connect(databaseUrl);
    try {
      await migrate(database.pool);
      const blobs = await openBlobFolder(join(dataDir, 'blobs'));
      return {
        db: drizzle(database.pool, { schema }),
        pool: database.pool,
        databaseUrl: database.url,
        blobs,
        lost: Promise.race([lock.lost, database.lost]),
        async close() {
          await database.close();
          await lock.release();
        },
      };
    } catch (error) {
      await database.close();
      throw error;
    }
  } catch (error) {
    await lock.release();
    throw error;
  }
}

interface OpenDatabase {
  readonly pool: pg.Pool;
  readonly url: string;
  readonly lost: Promise<Error>;
  close(): Promise<void>;
}

async function openEmbedded(dataDir: string): Promise<OpenDatabase> {
  const { pool, lost, close } = await openEmbeddedPostgres(join(dataDir, 'postgres'));
  return { pool: tolerant(pool), url: 'postgresql://postgres@embedded/postgres', lost, close };
}

async function connect(url: string): Promise<OpenDatabase> {
  const pool = new pg.Pool({
    connectionString: url,
    max: POOL_SIZE,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  try {
    await pool.query('SELECT 1');
  } catch (error) {
    await pool.end();
    throw new StrataError(
      'unavailable',
      `The database ${withoutPassword(url)} does not answer: ${messageOf(error)}.`,
      'Check DATABASE_URL and that PostgreSQL runs there.',
      { cause: error },
    );
  }
  return { pool: tolerant(pool), url, lost: new Promise(() => {}), close: () => pool.end() };
}

/** An idle connection that breaks is replaced by the pool; without a listener it would end the process. */
function tolerant(pool: pg.Pool): pg.Pool {
  return pool.on('error', () => {});
}

function withoutPassword(url: string): string {
  const shown = new URL(url);
  shown.password = '';
  return shown.href;
}
