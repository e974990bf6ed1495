import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { StrataError } from '@strata/fl-core/protocol';
import { gt, sql } from 'drizzle-orm';
import pg from 'pg';
import { messageOf } from '../failure.ts';
import { openBlobFolder } from './blob-folder.ts';
import type { BlobStore } from './blobs.ts';
import { type Bucket, openBucket, openBucketBlobs } from './bucket-blobs.ts';
import { type Database, type HasDb, openTables, type Queryable } from './database.ts';
import { type DatabaseLock, type DatabaseUse, lockDatabase, shownDatabase } from './database-lock.ts';
import { DiskSpace } from './disk-space.ts';
import { openEmbeddedPostgres } from './embedded/postgres.ts';
import { lockDataDir } from './lock/data-dir-lock.ts';
import { migrate } from './migrate.ts';
import { NamingLock } from './naming-lock.ts';
import { nodes } from './schema.ts';
import type { AcrossNodes } from './shared-lock.ts';
import { checkSharedPlace, sharedBucket, sharedFolder } from './shared-place.ts';

export type { Bucket } from './bucket-blobs.ts';
export type { Database, HasDb, Queryable } from './database.ts';

export interface StoreSettings {
  /** Absolute. */
  readonly dataDir: string;
  /** Null: the embedded database. */
  readonly databaseUrl: string | null;
  /**
   * Absolute: a folder that other servers of the same database keep their blobs in, too; null where there are no others.
   * Not with the embedded database.
   */
  readonly sharedDir?: string | null;
  /** Where blobs are instead, for this server and others of the same database; null: in a folder. */
  readonly bucket?: Bucket | null;
}

/** What a server has that shares its database with others. */
export interface Sharing {
  /** The session of its own that holds the lock of the database; see {@link DatabaseLock}. */
  readonly session: DatabaseLock;
  /** Keeps blobs that are named here from being deleted by others. */
  readonly naming: AcrossNodes;
  /** No other server was there when this one came. */
  readonly first: boolean;
}

/** Everything the server keeps: the database and the blobs. */
export interface Store extends HasDb {
  /** The connections below `db`; also for DBOS (`systemDatabasePool`). */
  readonly pool: pg.Pool;
  /** For DBOS, which wants an address even beside a pool. */
  readonly databaseUrl: string;
  readonly blobs: BlobStore;
  /** Names this server, and this process of it. */
  readonly node: string;
  /** Null: the database is this server's alone. */
  readonly sharing: Sharing | null;
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
 * What a server that was suspended in the middle of a transaction has locked is free again after this; others would
 * wait for as long as it stands still. Less than a lease (`engine/leases.ts`).
 */
const IDLE_IN_TRANSACTION_MS = 8_000;
/** A new node counts as alive for this long before it says so itself. */
const STARTING_SECONDS = 60;
/** An advisory lock of those that join. */
const JOIN_LOCK = 7_233_924;

/**
 * Locks DATA_DIR, opens the database (PostgreSQL at DATABASE_URL, which is locked as well, else the embedded one),
 * brings its tables up to date and opens the blob folder. Throws `unavailable` when the folder or the database is in
 * use by another server, or the database cannot be reached.
 */
export async function openStore(settings: StoreSettings): Promise<Store> {
  const { dataDir, databaseUrl, sharedDir = null, bucket = null } = settings;
  const node = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  await mkdir(dataDir, { recursive: true });
  const lock = await lockDataDir(dataDir);
  try {
    const database =
      databaseUrl === null
        ? await openEmbedded(dataDir)
        : await connect(databaseUrl, sharedDir === null && bucket === null ? 'alone' : 'shared');
    try {
      await migrate(database.pool);
      const db = openTables(database.pool);
      const opened = bucket && openBucket(bucket);
      if (opened && bucket) await checkSharedPlace(database.pool, () => sharedBucket(opened, bucket));
      else if (sharedDir !== null) await checkSharedPlace(database.pool, () => sharedFolder(sharedDir));
      const sharing = database.sharing && { ...database.sharing, first: await joinNodes(db, node) };
      const shared = sharing && { node, living: () => livingNodes(db) };
      const blobFolder = opened ? join(dataDir, 'bucket-cache') : join(sharedDir ?? dataDir, 'blobs');
      const space = new DiskSpace([dataDir, blobFolder]);
      const blobs =
        opened && shared
          ? await openBucketBlobs(opened, blobFolder, space, shared)
          : await openBlobFolder(blobFolder, space, shared);
      return {
        db,
        pool: database.pool,
        databaseUrl: database.url,
        node,
        sharing,
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

/**
 * Says that this node is there, before it has anything that others could take for a dead one's.
 * @returns whether it is the first: of those that start at once, one.
 */
async function joinNodes(db: Database, node: string): Promise<boolean> {
  return db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${JOIN_LOCK})`);
    const others = await livingNodes(tx);
    await tx
      .insert(nodes)
      .values({ id: node, leaseUntil: sql`now() + make_interval(secs => ${STARTING_SECONDS})` });
    return others.length === 0;
  });
}

/** Every node that lives as far as the database knows, this one among them once it has joined. */
async function livingNodes(db: Queryable): Promise<string[]> {
  const rows = await db.select({ id: nodes.id }).from(nodes).where(gt(nodes.leaseUntil, sql`now()`));
  return rows.map(({ id }) => id);
}

interface OpenDatabase extends Pick<Store, 'pool' | 'lost' | 'onBack' | 'close'> {
  readonly sharing: Omit<Sharing, 'first'> | null;
  readonly url: string;
}

async function openEmbedded(dataDir: string): Promise<OpenDatabase> {
  const { pool, lost, close } = await openEmbeddedPostgres(join(dataDir, 'postgres'));
  const url = 'postgresql://postgres@embedded/postgres';
  return { pool: tolerant(pool), url, lost, onBack: () => {}, close, sharing: null };
}

async function connect(url: string, use: DatabaseUse): Promise<OpenDatabase> {
  const lock = await lockDatabase(url, use).catch((error: unknown) => {
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
    ...(use === 'shared' ? { idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS } : {}),
  });
  return {
    pool: tolerant(pool),
    sharing: use === 'shared' ? { session: lock, naming: new NamingLock(lock, pool) } : null,
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
