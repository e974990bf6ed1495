import { once } from 'node:events';
import { RunConfig } from '@strata/fl-core/protocol';
import { eq, sql } from 'drizzle-orm';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate } from './migrate.ts';
import * as schema from './schema.ts';
import type { Store } from './store.ts';
import { testDatabases } from './testing.ts';

const config = RunConfig.parse({
  name: 'test',
  model: 'use-lite',
  data: { kind: 'text' },
  labels: ['a', 'b'],
  strategy: { name: 'full' },
});

/** What the server relies on, the same for the embedded database and for PostgreSQL. */
describe.each(await testDatabases())('store on $name', ({ open, missing }) => {
  describe.skipIf(missing)('contract', () => {
    let store: Store;
    beforeAll(async () => {
      store = await open();
    }, 120_000);
    afterAll(() => store?.close());

    const query = (text: string, values: unknown[] = []) => store.pool.query(text, values);

    test('gives the values of every type that the schema uses as pg does', async () => {
      const { rows } = await query(
        `SELECT 7::int AS i, 9007199254740993::bigint AS b, 1.5::float8 AS f, 2.50::numeric AS n, true AS t,
                'ü'::text AS s, $1::jsonb AS j, $2::bytea AS y, ARRAY['a', NULL, 'c,"d']::text[] AS a,
                ARRAY[1, 2]::int[] AS ia, '2024-02-29T12:00:00.123Z'::timestamptz AS at, NULL::text AS z,
                '550e8400-e29b-41d4-a716-446655440000'::uuid AS u, $3::text[] AS given`,
        [{ a: [1, null, 'x'] }, Buffer.from([0, 255, 10]), ['p', 'q"']],
      );
      expect(rows).toEqual([
        {
          i: 7,
          b: '9007199254740993',
          f: 1.5,
          n: '2.50',
          t: true,
          s: 'ü',
          j: { a: [1, null, 'x'] },
          y: Buffer.from([0, 255, 10]),
          a: ['a', null, 'c,"d'],
          ia: [1, 2],
          at: new Date('2024-02-29T12:00:00.123Z'),
          z: null,
          u: '550e8400-e29b-41d4-a716-446655440000',
          given: ['p', 'q"'],
        },
      ]);
    });

    test('reads back through drizzle what was written', async () => {
      const layers = { 'blocks.0': { sha256: 'a'.repeat(64), bytes: 2 ** 40 } };
      const at = new Date('2030-01-01T00:00:00.5Z');
      await insertRun('types');
      await store.db.insert(schema.checkpoints).values({ run: 'types', round: 0, layers, createdAt: at });
      await store.db.insert(schema.members).values({
        run: 'types',
        round: 1,
        client: 'c',
        samples: 3,
        heldOut: 1,
        budget: 2.5,
        updateBytes: 2 ** 40,
      });
      const [checkpoint] = await store.db
        .select()
        .from(schema.checkpoints)
        .where(eq(schema.checkpoints.run, 'types'));
      expect(checkpoint).toEqual({
        run: 'types',
        round: 0,
        layers,
        optimizer: null,
        createdAt: at,
        test: null,
      });
      const [member] = await store.db.select().from(schema.members);
      expect(member).toMatchObject({
        budget: 2.5,
        updateBytes: 2 ** 40,
        scores: null,
        left: false,
        bytesDown: 0,
      });
    });

    test('reports rows and commands', async () => {
      await query('CREATE TABLE counted (id int)');
      const inserted = await query('INSERT INTO counted SELECT generate_series(1, 5)');
      expect([inserted.command, inserted.rowCount]).toEqual(['INSERT', 5]);
      expect((await query('UPDATE counted SET id = 0 WHERE id > $1', [3])).rowCount).toBe(2);
      const arrays = await store.pool.query({ text: 'SELECT 1 AS x, 2 AS x', rowMode: 'array' });
      expect(arrays.rows).toEqual([[1, 2]]);
      expect((await query('SELECT 1 WHERE false')).rows).toEqual([]);
    });

    test('passes errors with their codes and goes on', async () => {
      await insertRun('twice');
      const again = insertRun('twice');
      await expect(again).rejects.toMatchObject({
        cause: { code: '23505', table: 'runs', constraint: 'runs_pkey' },
      });
      await expect(query('SELECT * FROM nowhere')).rejects.toBeInstanceOf(pg.DatabaseError);
      await expect(query('SELECT 1 / $1::int', [0])).rejects.toMatchObject({ code: '22012' });
      await expect(query('SELEC $1', [0])).rejects.toMatchObject({ code: '42601' });
      await expect(
        query("DO $$ BEGIN RAISE EXCEPTION 'no' USING HINT = 'try yes'; END $$"),
      ).rejects.toMatchObject({ message: 'no', hint: 'try yes', code: 'P0001' });
      expect((await query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    });

    test('rolls a transaction back when its function throws (R8)', async () => {
      await expect(
        store.db.transaction(async (tx) => {
          await tx.insert(schema.runs).values(run('rolled-back'));
          throw new Error('changed my mind');
        }),
      ).rejects.toThrow('changed my mind');
      expect(await store.db.select().from(schema.runs).where(eq(schema.runs.id, 'rolled-back'))).toEqual([]);
    });

    test('keeps what precedes a nested transaction that fails', async () => {
      await store.db.transaction(async (tx) => {
        await tx.insert(schema.runs).values(run('outer'));
        await expect(
          tx.transaction(async (nested) => {
            await nested.insert(schema.runs).values(run('inner'));
            await nested.insert(schema.runs).values(run('outer'));
          }),
        ).rejects.toThrow();
      });
      const ids = (await store.db.select({ id: schema.runs.id }).from(schema.runs)).map(({ id }) => id);
      expect(ids).toContain('outer');
      expect(ids).not.toContain('inner');
    });

    test('a failed statement fails the transaction until it is rolled back', async () => {
      const client = await store.pool.connect();
      try {
        await client.query('BEGIN');
        await expect(client.query('SELECT 1 / 0')).rejects.toMatchObject({ code: '22012' });
        await expect(client.query('SELECT 1')).rejects.toMatchObject({ code: '25P02' });
        expect((await client.query('COMMIT')).command).toBe('ROLLBACK');
        expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
      } finally {
        client.release();
      }
    });

    test('no lost update among concurrent transactions', async () => {
      await query('CREATE TABLE counter (n int)');
      await query('INSERT INTO counter VALUES (0)');
      await Promise.all(
        Array.from({ length: 40 }, () =>
          store.db.transaction(async (tx) => {
            const { rows } = await tx.execute<{ n: number }>(sql`SELECT n FROM counter FOR UPDATE`);
            await tx.execute(sql`UPDATE counter SET n = ${(rows[0]?.n ?? 0) + 1}`);
          }),
        ),
      );
      expect((await query('SELECT n FROM counter')).rows).toEqual([{ n: 40 }]);
    });

    test('answers many concurrent queries, each with its own result', async () => {
      const answers = await Promise.all(
        Array.from({ length: 200 }, async (_, i) => (await query('SELECT $1::int AS i', [i])).rows[0].i),
      );
      expect(answers).toEqual(Array.from({ length: 200 }, (_, i) => i));
    });

    test('carries a large value', async () => {
      const text = 'x'.repeat(4_000_000);
      const { rows } = await query('SELECT $1::text AS text', [text]);
      expect(rows[0].text === text).toBe(true);
    });

    test('notifies who listens, on their channel, after the commit, until they stop', async () => {
      const [listener, other] = [await store.pool.connect(), await store.pool.connect()];
      try {
        await listener.query('LISTEN news');
        await other.query('LISTEN weather');
        const heard: string[] = [];
        listener.on('notification', ({ channel, payload }) => heard.push(`listener ${channel} ${payload}`));
        other.on('notification', ({ channel, payload }) => heard.push(`other ${channel} ${payload}`));

        const first = once(listener, 'notification');
        await store.db.transaction(async (tx) => {
          await tx.execute(sql`SELECT pg_notify('news', 'committed')`);
          await expect(
            tx.transaction(async (nested) => {
              await nested.execute(sql`SELECT pg_notify('news', 'rolled back')`);
              throw new Error('no');
            }),
          ).rejects.toThrow('no');
          expect(heard).toEqual([]);
        });
        await first;

        await listener.query('UNLISTEN news');
        await query(`NOTIFY news, 'nobody'`);
        const last = once(other, 'notification');
        await query(`NOTIFY weather, 'sun'`);
        await last;
        expect(heard).toEqual(['listener news committed', 'other weather sun']);
      } finally {
        // Closed, not reused: they listen.
        listener.release(true);
        other.release(true);
      }
    });

    test('migrating again changes nothing', async () => {
      const recorded = () => query('SELECT hash FROM drizzle.__drizzle_migrations ORDER BY id');
      const before = (await recorded()).rows;
      expect(before.length).toBeGreaterThan(0);
      await Promise.all([migrate(store.pool), migrate(store.pool)]);
      expect((await recorded()).rows).toEqual(before);
    });

    function run(id: string): typeof schema.runs.$inferInsert {
      return { id, config, assets: {}, state: 'draft', sampling: '1', joinKey: 'a-key' };
    }
    async function insertRun(id: string): Promise<void> {
      await store.db.insert(schema.runs).values(run(id));
    }
  });
});
