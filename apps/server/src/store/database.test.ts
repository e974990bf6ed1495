import pg from 'pg';
import { expect, test } from 'vitest';
import { openTables } from './database.ts';

test('a transaction that cannot even begin gives its connection back', async () => {
  let out = 0;
  const client = {
    query: () => Promise.reject(new Error('Connection terminated unexpectedly')),
    release: () => {
      out -= 1;
    },
  };
  const pool = Object.assign(new pg.Pool(), {
    connect: async () => {
      out += 1;
      return client;
    },
  });
  const db = openTables(pool);
  for (let n = 0; n < 3; n++) await expect(db.transaction(async () => 'done')).rejects.toThrow(/begin/);
  expect(out).toBe(0);
});
