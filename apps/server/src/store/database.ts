import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import * as schema from './schema.ts';

export type Database = NodePgDatabase<typeof schema>;
/** The database or a transaction on it. */
export type Queryable = Pick<
  Database,
  'select' | 'selectDistinctOn' | 'insert' | 'update' | 'delete' | 'execute'
>;

export interface HasDb {
  /**
   * Inside `db.transaction` use only the transaction it hands out: the embedded database has one session, so a
   * query on `db` would wait for the transaction, and the transaction for the query.
   */
  readonly db: Database;
}

/**
 * The tables over a pool. drizzle 0.45.4 keeps the connection of a transaction whose BEGIN fails for ever: after as
 * many of those as the pool has connections, which one outage brings, nothing can be asked any more. So a connection
 * is taken and given back here.
 */
export function openTables(pool: pg.Pool): Database {
  const db: Database = drizzle(pool, { schema });
  const transaction: Database['transaction'] = async (work, config) => {
    const client = await pool.connect();
    try {
      return await drizzle(client, { schema }).transaction(work, config);
    } finally {
      client.release();
    }
  };
  return Object.assign(db, { transaction });
}
