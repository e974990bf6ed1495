// @module-tag long
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SharedLock } from './shared-lock.ts';
import { openStore, type Store } from './store.ts';
import { freshPostgres, postgresLacking, temporaryFolder } from './testing.ts';

describe.skipIf(postgresLacking)(`a database that servers share${postgresLacking}`, () => {
  let database: Awaited<ReturnType<typeof freshPostgres>>;
  const folders: string[] = [];
  const stores: Store[] = [];
  beforeEach(async () => {
    database = await freshPostgres();
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
    await database.drop();
  }, 30_000);
  const folder = async () => {
    const made = await temporaryFolder();
    folders.push(made);
    return made;
  };
  const open = async (sharedDir: string | null): Promise<Store> => {
    const store = await openStore({ dataDir: await folder(), databaseUrl: database.url, sharedDir });
    stores.push(store);
    return store;
  };

  it('is for those with the same folder; one with another, or that wants it for itself, is refused', async () => {
    const sharedDir = await folder();
    const first = await open(sharedDir);
    const second = await open(sharedDir);
    expect([first.sharing?.first, second.sharing?.first]).toEqual([true, false]);
    await expect(open(await folder())).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringContaining('is not where the other servers of this database'),
    });
    await expect(open(null)).rejects.toMatchObject({
      code: 'unavailable',
      hint: expect.stringContaining('SHARED_DIR'),
    });
    // What one keeps the other has, and neither clears the other's spool away.
    const { sha256 } = await first.blobs.put(Buffer.from('a layer'));
    expect(Buffer.from(await second.blobs.read(sha256)).toString()).toBe('a layer');
  }, 60_000);

  it('servers that start at once: one is the first, and each keeps files from then on', async () => {
    const sharedDir = await folder();
    const opened = await Promise.all([1, 2, 3, 4].map(() => open(sharedDir)));
    expect(opened.map((store) => store.sharing?.first).sort()).toEqual([false, false, false, true]);
    for (const [i, { blobs }] of opened.entries()) {
      const spooled = await blobs.spool(Readable.from([Buffer.from(`an update of ${i}`)]), 1e6);
      await spooled.keep();
      expect(await opened[0]!.blobs.has(spooled.sha256)).toBe(true);
    }
  }, 60_000);

  it('is nobody’s else while a server has it to itself', async () => {
    await open(null);
    await expect(open(await folder())).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/in use by another Strata server that does not share it\.$/),
    });
  }, 60_000);

  it('no file is deleted by one while another names files; who waits to delete holds up nobody', async () => {
    const sharedDir = await folder();
    const [a, b] = [await open(sharedDir), await open(sharedDir)].map(
      (s) => new SharedLock(s.sharing?.naming),
    );
    const seen: string[] = [];
    let named: () => void = () => {};
    const naming = a!.shared(async () => {
      seen.push('naming begins');
      await new Promise<void>((resolve) => {
        named = resolve;
      });
      seen.push('named');
    });
    await sleep(200);
    const deleting = b!.exclusive(async (stillMine) => {
      await stillMine();
      seen.push('deleted');
    });
    await sleep(200);
    await a!.shared(async () => void seen.push('named meanwhile'));
    await b!.shared(async () => void seen.push('named there'));
    named();
    await Promise.all([naming, deleting]);
    expect(seen).toEqual(['naming begins', 'named meanwhile', 'named there', 'named', 'deleted']);
    // And the other way round.
    await b!.exclusive(async () => {
      const later = a!.shared(async () => void seen.push('after'));
      await sleep(200);
      seen.push('still exclusive');
      void later;
    });
    await a!.shared(async () => {});
    expect(seen.slice(5)).toEqual(['still exclusive', 'after']);
  }, 60_000);

  it('who names files after the session of the lock has ended keeps them again', async () => {
    const sharedDir = await folder();
    const [a, b] = [await open(sharedDir), await open(sharedDir)];
    const [namesOfA, namesOfB] = [new SharedLock(a.sharing?.naming), new SharedLock(b.sharing?.naming)];
    const seen: string[] = [];
    const named: (() => void)[] = [];
    const naming = (lock: SharedLock, what: string) =>
      lock.shared(async () => {
        await new Promise<void>((resolve) => named.push(resolve));
        seen.push(what);
      });
    const first = naming(namesOfA, 'the first');
    await expect.poll(() => named.length).toBe(1);
    const ended = a.sharing?.session.session;
    await database.administer(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'strata-lock' and datname = '${new URL(database.url).pathname.slice(1)}'`,
    );
    await expect.poll(() => a.sharing?.session.session ?? ended, { timeout: 20_000 }).not.toBe(ended);
    const second = naming(namesOfA, 'the second');
    await expect.poll(() => named.length, { timeout: 20_000 }).toBe(2);
    const deleting = namesOfB.exclusive(async () => void seen.push('deleted'));
    await sleep(300);
    for (const resume of named) resume();
    await Promise.all([first, second, deleting]);
    expect(seen).toEqual(['the first', 'the second', 'deleted']);
  }, 60_000);

  it('a deletion whose server stands still is over for the others, and is not gone on with', async () => {
    const sharedDir = await folder();
    const [a, b] = [await open(sharedDir), await open(sharedDir)].map(
      (s) => new SharedLock(s.sharing?.naming),
    );
    const deletion = a!.exclusive(async (stillMine) => {
      await stillMine();
      await sleep(9_500); // nothing is asked of the database meanwhile
      await stillMine();
    });
    const outcome = deletion.then(
      () => 'gone on with',
      () => 'stopped',
    );
    await sleep(200);
    await b!.shared(async () => {});
    expect(await outcome).toBe('stopped');
  }, 60_000);
});
