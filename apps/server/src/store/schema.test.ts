import { getTableConfig, type PgTable } from 'drizzle-orm/pg-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as schema from './schema.ts';
import type { Store } from './store.ts';
import { openTestStore } from './testing.ts';

/** The migrations, run on an empty database, must give exactly the tables that `schema.ts` describes. */
let store: Store;
beforeAll(async () => {
  store = await openTestStore();
}, 120_000);
afterAll(() => store?.close());

const tables: PgTable[] = Object.values(schema);

async function lines(text: string, values: unknown[] = []): Promise<string[]> {
  const { rows } = await store.pool.query<{ line: string }>(text, values);
  return rows.map(({ line }) => line);
}

test('the same tables', async () => {
  const present = await lines(
    `SELECT table_name AS line FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`,
  );
  expect(present).toEqual(tables.map((table) => getTableConfig(table).name).sort());
});

test.each(tables.map((table) => [getTableConfig(table).name, table] as const))(
  'table %s',
  async (name, table) => {
    const { columns, primaryKeys, foreignKeys, indexes } = getTableConfig(table);

    const presentColumns = await lines(
      `SELECT a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
            || CASE WHEN a.atthasdef THEN ' default' ELSE '' END AS line
     FROM pg_attribute a WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
      [name],
    );
    const inPrimaryKey = new Set(primaryKeys.flatMap((key) => key.columns.map((column) => column.name)));
    expect(presentColumns).toEqual(
      columns.map((column) => {
        const type = column.getSQLType().replace('bigserial', 'bigint');
        const required = column.notNull || column.primary || inPrimaryKey.has(column.name);
        return `${column.name} ${type}${required ? ' not null' : ''}${column.hasDefault ? ' default' : ''}`;
      }),
    );

    const presentPrimaryKey = await lines(
      `SELECT pg_get_constraintdef(oid) AS line FROM pg_constraint WHERE conrelid = $1::regclass AND contype = 'p'`,
      [name],
    );
    const keyColumns =
      primaryKeys[0]?.columns.map((column) => column.name) ??
      columns.filter((c) => c.primary).map((c) => c.name);
    expect(presentPrimaryKey).toEqual([`PRIMARY KEY (${keyColumns.join(', ')})`]);

    const presentForeignKeys = await lines(
      `SELECT pg_get_constraintdef(oid) AS line FROM pg_constraint WHERE conrelid = $1::regclass AND contype = 'f' ORDER BY 1`,
      [name],
    );
    expect(presentForeignKeys).toEqual(
      foreignKeys
        .map((key) => {
          const { columns: from, foreignTable, foreignColumns } = key.reference();
          const target = `${getTableConfig(foreignTable).name}(${foreignColumns.map((c) => c.name).join(', ')})`;
          const onDelete = key.onDelete ? ` ON DELETE ${key.onDelete.toUpperCase()}` : '';
          return `FOREIGN KEY (${from.map((c) => c.name).join(', ')}) REFERENCES ${target}${onDelete}`;
        })
        .sort(),
    );

    const presentIndexes = await lines(
      `SELECT c.relname AS line FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE i.indrelid = $1::regclass AND NOT i.indisprimary ORDER BY 1`,
      [name],
    );
    expect(presentIndexes).toEqual(indexes.map((index) => index.config.name).sort());
  },
);
