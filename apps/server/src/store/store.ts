import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StrataError } from '@strata/fl-core/protocol';
import pg from 'pg';
import { messageOf } from '../failure.ts';
import { openBlobFolder } from './blob-folder.ts';
import type { BlobStore } from './blobs.ts';
import { type HasDb, openTables } from './database.ts';
import { lockDatabase, shownDatabase } from './database-lock.ts';
import { DiskSpace } from './disk-space.ts';
import { openEmbeddedPostgres } from './embedded/postgres.ts';
import { lockDataDir } from './lock/data-dir-lock.ts';
import { migrate } from './migrate.ts';

export type { Database, HasDb, Queryable } from './database.ts';

export interface StoreSettings {
  /** Absolute. */
  readonly dataDir: string;
  /** Null: the embedded database. */
  readonly databaseUrl: string | null;
}

/** Everything the server keeps: the database and the blobs. */
export interface Store extends HasDb {
  /** The connections below `db`; also for DBOS (`systemDatabasePool`). */
  readonly pool: pg.Pool;
  /** For DBOS, which wants an address even beside a pool. */
  readonly databaseUrl: string;
  readonly blobs: BlobStore;
  /** Of DATA_DIR and the blobs in it, which may be a disk of their own. */
  readonly space: DiskSpace;
  /** `listener` hears that a database that could not be reached is back, and after how many milliseconds. */
  onBack(listener: (awayMs: number) => void): void;
  /** Resolves when the store cannot go on (a lock lost, database thread dead): the process must end at once. */
  readonly lost: Promise<Error>;
  close(): Promise<void>;
}

/** DBOS keeps one connection for LISTEN. */
const POOL_SIZE = 16;
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Locks DATA_DIR, opens the database (PostgreSQL at DATABASE_URL, which is locked as well, else the embedded one),
 * brings its tables up to date and opens the blob folder. Throws `unavailable` when the folder or the database is in
 * use by another server, or the database cannot be reached.
 */
export async function openStore(settings: StoreSettings): Promise<Store> {
  const { dataDir, databaseUrl } = settings;
  await mkdir(dataDir, { recursive: true });
  const lock = await lockDataDir(dataDir);
  try {
    const database = databaseUrl === null ? await openEmbedded(dataDir) : await connect(databaseUrl);
    try {
      await migrate(database.pool);
      const blobFolder = join(dataDir, 'blobs');
      const space = new DiskSpace([dataDir, blobFolder]);
      const blobs = await openBlobFolder(blobFolder, space);
      return {
        db: openTables(database.pool),
        pool: database.pool,
        databaseUrl: database.url,
        blobs,
        space,
        onBack: database.onBack,
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

interface OpenDatabase extends Pick<Store, 'pool' | 'lost' | 'onBack' | 'close'> {
  readonly url: string;
}

async function openEmbedded(dataDir: string): Promise<OpenDatabase> {
  const { pool, lost, close } = await openEmbeddedPostgres(join(dataDir, 'postgres'));
  const url = 'postgresql://postgres@embedded/postgres';
  return { pool: tolerant(pool), url, lost, onBack: () => {}, close };
}

async function connect(url: string): Promise<OpenDatabase> {
  const lock = await lockDatabase(url).catch((error: unknown) => {
    if (error instanceof StrataError) throw error;
    throw new StrataError(
      'unavailable',
      `The database ${shownDatabase(url)} does not answer: ${messageOf(error)}.`,
      'Check DATABASE_URL and that PostgreSQL runs there.',
      { cause: error },
    );
  });
  const pool = new pg.Pool({
    connectionString: url,
    max: POOL_SIZE,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  });
  return {
    pool: tolerant(pool),
    url,
    lost: lock.lost,
    onBack: (listener) => lock.onBack(listener),
    async close() {
      await pool.end();
      await lock.release();
    },
  };
}

/**
 * A connection that breaks is replaced by the pool, and whoever uses it at that moment has its query fail. `pg` emits
 * the error besides, of idle connections at the pool and of those in use at the connection: an emitter that nobody
 * listens to would end the process.
 */
function tolerant(pool: pg.Pool): pg.Pool {
  return pool.on('error', () => {}).on('connect', (client) => client.on('error', () => {}));
}
