// @module-tag long
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Relay } from '../testing/relay.ts';
import { lockDatabase } from './database-lock.ts';
import { openStore } from './store.ts';
import { freshPostgres, postgresLacking, temporaryFolder } from './testing.ts';

describe.skipIf(postgresLacking)(`the lock of a database${postgresLacking}`, () => {
  let database: Awaited<ReturnType<typeof freshPostgres>>;
  const folders: string[] = [];
  beforeEach(async () => {
    database = await freshPostgres();
  });
  afterEach(async () => {
    await database.drop();
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
  });
  const folder = async () => {
    const made = await temporaryFolder();
    folders.push(made);
    return made;
  };
  const locker = `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'strata-lock'`;
  const here = () => ` and datname = '${new URL(database.url).pathname.slice(1)}'`;

  it('refuses a second server with another folder, in one line; and lets it in after the first', async () => {
    const first = await openStore({ dataDir: await folder(), databaseUrl: database.url });
    const dataDir = await folder();
    const second = () => openStore({ dataDir, databaseUrl: database.url });
    await expect(second()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/^The database postgres:.* is in use by another Strata server\.$/),
      hint: expect.stringContaining('DATABASE_URL'),
    });
    await first.close();
    await (await second()).close();
  }, 60_000);

  it('is taken again after its session was ended, and says for how long it was away', async () => {
    const lock = await lockDatabase(database.url);
    const back = vi.fn();
    lock.onBack(back);
    await database.administer(locker + here());
    await vi.waitFor(() => expect(back).toHaveBeenCalledOnce(), { timeout: 10_000 });
    expect(lock.away).toBe(false);
    await expect(lockDatabase(database.url)).rejects.toMatchObject({ code: 'unavailable' });
    await lock.release();
  }, 60_000);

  it('that another server took during an outage is lost, in one line', async () => {
    const relay = await Relay.before(database.url);
    const lock = await lockDatabase(relay.url);
    await relay.cut();
    await vi.waitFor(() => expect(lock.away).toBe(true));
    const other = await lockDatabase(database.url);
    await relay.mend();
    expect(await lock.lost).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('was taken over by another Strata server'),
    });
    await lock.release();
    await other.release();
    await relay.close();
  }, 60_000);

  it('is taken from a session of its own that the database still believes alive', async () => {
    const relay = await Relay.before(database.url);
    const lock = await lockDatabase(relay.url);
    const back = vi.fn();
    lock.onBack(back);
    // This end breaks, the other one hears nothing of it: as when a cable is pulled.
    relay.forsake();
    await vi.waitFor(() => expect(back).toHaveBeenCalledOnce(), { timeout: 10_000 });
    await lock.release();
    await relay.close();
    // Nobody has it now.
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await sleep(200);
    const { rows } = await client.query(`select 1 from pg_locks where locktype = 'advisory'
      and database = (select oid from pg_database where datname = current_database())`);
    expect(rows).toEqual([]);
    await client.end();
  }, 60_000);
});
