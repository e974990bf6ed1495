// @module-tag long
import { setTimeout as sleep } from 'node:timers/promises';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EmbeddedConnection } from './connection.ts';
import { SharedSession } from './session.ts';

/** What sharing one session adds to PostgreSQL; that the rest is as on a server is `contract.test.ts`. */
const IDLE_LIMIT_MS = 200;
const account = { ssl: false, user: 'postgres', database: 'postgres' };
let database: PGlite;
let session: SharedSession;
let pool: pg.Pool;

beforeAll(async () => {
  database = await PGlite.create(); // in memory
  session = new SharedSession(async (bytes) => {
    const parts: Buffer[] = [];
    await database.execProtocolRawStream(bytes, { onRawData: (part) => parts.push(Buffer.from(part)) });
    return Buffer.concat(parts);
  }, IDLE_LIMIT_MS);
  pool = new pg.Pool({ max: 4, stream: () => new EmbeddedConnection(session), ...account });
  pool.on('error', () => {}); // an evicted connection may be idle in the pool
  await pool.query('CREATE TABLE kept (id int)');
}, 120_000);
afterAll(async () => {
  await pool?.end();
  await database?.close();
});

async function kept(): Promise<number[]> {
  return (await pool.query<{ id: number }>('SELECT id FROM kept ORDER BY 1')).rows.map(({ id }) => id);
}

test('others wait for a transaction and see nothing of it before the commit', async () => {
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query('INSERT INTO kept VALUES (1)');
  const seen = kept();
  let answered = false;
  seen.then(() => {
    answered = true;
  });
  await sleep(50);
  expect(answered).toBe(false);
  await client.query('COMMIT');
  client.release();
  expect(await seen).toEqual([1]);
});

test('a connection that closes inside a transaction leaves nothing of it', async () => {
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query('INSERT INTO kept VALUES (2)');
  client.release(true);
  expect(await kept()).toEqual([1]);
});

test('a connection that closes while its statement runs leaves nothing of its transaction', async () => {
  const client = await pool.connect();
  await client.query('BEGIN');
  const cut = client.query('INSERT INTO kept SELECT 3 FROM generate_series(1, 100000)').catch(() => 'cut');
  client.release(true);
  await cut;
  expect(await kept()).toEqual([1]);
});

test('a transaction that goes silent is rolled back and its connection told why', async () => {
  const client = await pool.connect();
  const told = new Promise<Error>((resolve) => client.on('error', resolve));
  await client.query('BEGIN');
  await client.query('INSERT INTO kept VALUES (4)');
  const seen = kept();
  expect((await told).message).toContain(`idle for ${IDLE_LIMIT_MS} ms`);
  expect(await seen).toEqual([1]);
  await expect(client.query('COMMIT')).rejects.toThrow();
  client.release(true);
});

test('a named statement is refused and the others go on', async () => {
  const client = await pool.connect();
  client.on('error', () => {});
  await expect(client.query({ name: 'mine', text: 'SELECT 1' })).rejects.toThrow(
    'named prepared statement mine',
  );
  client.release(true);
  expect(await kept()).toEqual([1]);
});

test('when the session is lost, every connection fails', async () => {
  const lost = new SharedSession(() => new Promise(() => {}));
  const client = new pg.Client({ stream: () => new EmbeddedConnection(lost), ...account });
  const connecting = client.connect();
  lost.fail(new Error('the database thread ended'));
  await expect(connecting).rejects.toThrow('the database thread ended');
});
