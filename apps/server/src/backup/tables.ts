import { readFileSync } from 'node:fs';
import { getTableName, is, sql } from 'drizzle-orm';
import { PgTable } from 'drizzle-orm/pg-core';
import * as schema from '../store/schema.ts';
import type { Queryable } from '../store/store.ts';

/** The rows of a backup: as JSON, one a line, whatever database they come from and go to. */

/** Each after those that it refers to. */
export const savedTables = [
  'runs',
  'checkpoints',
  'rounds',
  'members',
  'sealings',
  'draws',
  'invitations',
  'clients',
  'events',
  'accounts',
  'api_tokens',
  'audit',
] as const;
export type SavedTable = (typeof savedTables)[number];

/** What a restored server does without, and why. */
export const leftOut: Readonly<Record<string, string>> = {
  sessions: 'people log in again',
  leases: 'who drives a run is decided anew',
  nodes: 'servers say for themselves that they live',
  presence: 'clients connect again',
  shared_folder: 'whose database a folder or bucket is of is decided when a server first uses both',
};

/** Tables of the schema that a backup neither saves nor leaves out on purpose: there must be none. */
export const undecided = (): string[] =>
  Object.values(schema)
    .flatMap((value) => (is(value, PgTable) ? [getTableName(value)] : []))
    .filter((name) => !savedTables.some((saved) => saved === name) && leftOut[name] === undefined);

/** The newest migration of this version: rows of another one have other columns. */
export function schemaVersion(): string {
  const journal = new URL('../store/migrations/meta/_journal.json', import.meta.url);
  const { entries }: { entries: { tag: string }[] } = JSON.parse(readFileSync(journal, 'utf8'));
  return entries.at(-1)?.tag ?? '';
}

const rowsAtOnce = 500;

/** All rows of a table in a transaction, a text of JSON each. */
export async function* rowsOf(tx: Queryable, table: SavedTable): AsyncGenerator<string> {
  await tx.execute(
    sql.raw(
      `declare saved no scroll cursor for select to_jsonb(t)::text as row from ${table} t${orders[table] ?? ''}`,
    ),
  );
  for (;;) {
    const { rows } = await tx.execute<{ row: string }>(sql.raw(`fetch ${rowsAtOnce} from saved`));
    if (rows.length === 0) break;
    for (const { row } of rows) yield row;
  }
  await tx.execute(sql.raw('close saved'));
}

const orders: Readonly<Partial<Record<SavedTable, string>>> = {
  events: ' order by id',
  audit: ' order by seq',
};

/** Puts rows of {@link rowsOf} into the table. */
export async function putRows(tx: Queryable, table: SavedTable, rows: readonly string[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.execute(sql`
    insert into ${sql.raw(table)}
    select * from jsonb_populate_recordset(null::${sql.raw(table)}, ${`[${rows.join()}]`}::jsonb)`);
}

/** After all rows: numbers that the database gives go on behind those that there are. */
export const goOnCounting = (tx: Queryable): Promise<unknown> =>
  tx.execute(
    sql.raw(
      `select setval(pg_get_serial_sequence('events', 'id'), greatest(1, (select max(id) from events)))`,
    ),
  );

/** The saved tables that have rows. */
export async function filledTables(db: Queryable): Promise<string[]> {
  const filled: string[] = [];
  for (const table of savedTables) {
    const { rows } = await db.execute(sql.raw(`select 1 from ${table} limit 1`));
    if (rows.length > 0) filled.push(table);
  }
  return filled;
}
