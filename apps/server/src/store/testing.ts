import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { messageOf } from '../failure.ts';
import { openEmbeddedPostgres } from './embedded/postgres.ts';
import { openStore, type Store } from './store.ts';

/** For tests: stores in folders and databases of their own that vanish when closed. */

/** A server whose user may create databases; `STRATA_TEST_POSTGRES` names another one. */
const POSTGRES_URL = process.env.STRATA_TEST_POSTGRES ?? 'postgres://postgres@127.0.0.1:5432/postgres';

export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'strata-'));
}

/** Databases made once: making one takes seconds of both cores, copying it does not. `npm ci` deletes them. */
const databases = fileURLToPath(new URL('../../../../node_modules/.cache/strata/', import.meta.url));

/** A new data folder whose embedded database exists and is empty. */
export const temporaryDataDir = (): Promise<string> =>
  copiedDataDir('empty', async (dataDir) => {
    const database = await openEmbeddedPostgres(join(dataDir, 'postgres'));
    await database.close();
  });

/**
 * A new data folder with the embedded database that `make` left in its own.
 * @param name names what `make` makes; another name where it would make another.
 */
export async function copiedDataDir(name: string, make: (dataDir: string) => Promise<void>): Promise<string> {
  const original = join(databases, name);
  if (!existsSync(original)) {
    await mkdir(databases, { recursive: true });
    const folder = await mkdtemp(join(databases, 'new-'));
    await make(folder);
    // Test files run in parallel: whoever is first has made it for all.
    await rename(join(folder, 'postgres'), original).catch((error: unknown) => {
      if (!existsSync(original)) throw error;
    });
    await rm(folder, { recursive: true });
  }
  const dataDir = await temporaryFolder();
  await cp(original, join(dataDir, 'postgres'), { recursive: true });
  return dataDir;
}

export interface TestDatabase {
  readonly name: string;
  /** Why tests on it are skipped; undefined when it is there. */
  readonly missing: string | undefined;
  open(): Promise<Store>;
}

/** Why tests on a real PostgreSQL are skipped, for the end of their names; empty where one answers. */
export const postgresLacking: string = await withClient(POSTGRES_URL, async () => '').catch(
  (error) => ` (skipped: no PostgreSQL at ${POSTGRES_URL}: ${messageOf(error)})`,
);

/** The embedded database and, where one answers, a real PostgreSQL. */
export async function testDatabases(): Promise<TestDatabase[]> {
  const missing = postgresLacking === '' ? undefined : postgresLacking;
  if (missing !== undefined) console.warn(missing);
  return [
    { name: 'embedded', missing: undefined, open: () => openTestStore() },
    { name: 'PostgreSQL', missing, open: openOnPostgres },
  ];
}

/** An empty database of its own on the real PostgreSQL. */
export async function freshPostgres(): Promise<{
  readonly url: string;
  /** Of somebody who administers the server, from outside the database. */
  administer(sql: string): Promise<unknown>;
  drop(): Promise<void>;
}> {
  const name = `strata_test_${randomBytes(6).toString('hex')}`;
  const administer = (sql: string) => withClient(POSTGRES_URL, (client) => client.query(sql));
  await administer(`CREATE DATABASE ${name}`);
  const url = new URL(POSTGRES_URL);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    administer,
    drop: async () => {
      await administer(`DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

/** A store with the embedded database; `close` deletes its folder. */
export async function openTestStore(databaseUrl: string | null = null): Promise<Store> {
  const dataDir = databaseUrl === null ? await temporaryDataDir() : await temporaryFolder();
  const store = await openStore({ dataDir, databaseUrl });
  return {
    ...store,
    async close() {
      await store.close();
      await rm(dataDir, { recursive: true });
    },
  };
}

async function openOnPostgres(): Promise<Store> {
  const database = await freshPostgres();
  const store = await openTestStore(database.url);
  return {
    ...store,
    async close() {
      await store.close();
      await database.drop();
    },
  };
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
