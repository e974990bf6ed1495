import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as runMigrations } from 'drizzle-orm/node-postgres/migrator';
import type pg from 'pg';

const migrationsFolder = fileURLToPath(new URL('./migrations', import.meta.url));

/** Any fixed number: it only has to differ from other users of advisory locks in the database. */
const MIGRATION_LOCK = 7_233_921;

/**
 * Brings the tables to the state of `schema.ts`: runs, in one transaction, the files of `migrations/` that the
 * database has not seen (drizzle records them in `drizzle.__drizzle_migrations`).
 *
 * A change of the schema is a new file `NNNN_name.sql` and its entry, with a later `when`, in
 * `meta/_journal.json`; a file that has landed is never edited.
 */
export async function migrate(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    // Servers that share a PostgreSQL may start at the same moment.
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    try {
      await runMigrations(drizzle(client), { migrationsFolder });
    } finally {
      await client.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
    }
  } finally {
    client.release();
  }
}

const TURN_LOCK = 7_233_922;
const TURN_AGAIN_MS = 200;

/**
 * Does `work` while no other server of this database does such work: the workflow engine makes tables and indexes of its
 * own at each start, and two that do so at once deadlock. Who waits its turn asks again and again, because an index that
 * is made `CONCURRENTLY` waits for every statement that is under way.
 */
export async function inTurn<T>(pool: pg.Pool, work: () => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    for (;;) {
      const { rows } = await client.query<{ turn: boolean }>('SELECT pg_try_advisory_lock($1) AS turn', [
        TURN_LOCK,
      ]);
      if (rows[0]?.turn) break;
      await sleep(TURN_AGAIN_MS);
    }
    try {
      return await work();
    } finally {
      await client.query('SELECT pg_advisory_unlock($1)', [TURN_LOCK]);
    }
  } finally {
    client.release();
  }
}
