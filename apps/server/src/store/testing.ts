import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { messageOf } from '../failure.ts';
import { openStore, type Store } from './store.ts';

/** For tests: stores in folders and databases of their own that vanish when closed. */

/** A server whose user may create databases; `TEST_DATABASE_URL` names another one. */
const POSTGRES_URL = process.env.TEST_DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';

export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'strata-'));
}

export interface TestDatabase {
  readonly name: string;
  /** Why tests on it are skipped; undefined when it is there. */
  readonly missing: string | undefined;
  open(): Promise<Store>;
}

/** The embedded database and, where one answers, a real PostgreSQL. */
export async function testDatabases(): Promise<TestDatabase[]> {
  const missing = await withClient(POSTGRES_URL, async () => undefined).catch(
    (error) => `no PostgreSQL at ${POSTGRES_URL}: ${messageOf(error)}`,
  );
  if (missing !== undefined) console.warn(`skipped: ${missing}`);
  return [
    { name: 'embedded', missing: undefined, open: () => openTestStore() },
    { name: 'PostgreSQL', missing, open: openOnPostgres },
  ];
}

/** A store with the embedded database; `close` deletes its folder. */
export async function openTestStore(databaseUrl: string | null = null): Promise<Store> {
  const dataDir = await temporaryFolder();
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
  const name = `strata_test_${randomBytes(6).toString('hex')}`;
  await withClient(POSTGRES_URL, (client) => client.query(`CREATE DATABASE ${name}`));
  const url = new URL(POSTGRES_URL);
  url.pathname = `/${name}`;
  const store = await openTestStore(url.href);
  return {
    ...store,
    async close() {
      await store.close();
      await withClient(POSTGRES_URL, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
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
