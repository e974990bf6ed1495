// @module-tag long
import { setTimeout as sleep } from 'node:timers/promises';
import { eq, sql } from 'drizzle-orm';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { leases as rows, runs } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { openStore } from '../store/store.ts';
import { freshPostgres, openTestStore, postgresLacking, temporaryFolder } from '../store/testing.ts';
import { testConfig } from '../testing/server.ts';
import { Leases } from './leases.ts';

const secrets = { assets: {}, sampling: 's', joinKey: 'k' };
const makeRun = async ({ db }: Pick<Store, 'db'>, id: string, state: 'running' | 'finished' | 'draft') => {
  await db.insert(runs).values({ id, config: testConfig(), state, ...secrets });
};
const expire = ({ db }: Pick<Store, 'db'>, run: string) =>
  db.update(rows).set({ leaseUntil: sql`now() - interval '1 second'` }).where(eq(rows.run, run));
const reasonOf = async ({ db }: Pick<Store, 'db'>, run: string) =>
  (await db.select({ reason: runs.reason }).from(runs).where(eq(runs.id, run)))[0]?.reason;
/** A transition: says in the run's row who made it. */
const transition = (node: Leases, run: string, fence: number, reason: string) =>
  node.fenced(run, fence).transaction((tx) => tx.update(runs).set({ reason }).where(eq(runs.id, run)));

describe('leases of runs', () => {
  let store: Store;
  beforeAll(async () => {
    store = await openTestStore();
  }, 60_000);
  afterAll(() => store.close());
  let n = 0;
  let run: string;
  beforeEach(async () => {
    run = `run-${n++}`;
    await makeRun(store, run, 'running');
  });
  const node = (name: string, alone = false) => new Leases(store, name, alone);

  it('one node has a run, until it does not renew; then the next has it, and the first changes nothing', async () => {
    const [a, b] = [node('a'), node('b')];
    expect(await a.take(run)).toBe(1);
    expect(await b.take(run)).toBeNull();
    await transition(a, run, 1, 'a');
    await expire(store, run);
    expect(await b.takeFree()).toContain(run);
    expect(b.fenceOf(run)).toBe(2);
    // It does not know yet.
    expect(a.fenceOf(run)).toBe(1);
    await expect(transition(a, run, 1, 'a again')).rejects.toMatchObject({ code: 'unavailable' });
    expect(a.fenceOf(run)).toBeNull();
    expect(await reasonOf(store, run)).toBe('a');
    await transition(b, run, 2, 'b');
    expect(await reasonOf(store, run)).toBe('b');
  });

  it('a lease that is past its time and that nobody took is renewed; one that was taken is lost', async () => {
    const [a, b] = [node('a'), node('b')];
    await a.take(run);
    await expire(store, run);
    expect(await a.renew()).toBe(0);
    expect(await b.takeFree()).not.toContain(run);
    await expire(store, run);
    await b.takeFree();
    expect(await a.renew()).toBe(1);
    expect(a.runs).toEqual([]);
  });

  it('what is let go of is free at once; what is over, or has not begun, is nobody’s to drive', async () => {
    const [a, b] = [node('a'), node('b')];
    await a.take(run);
    await a.releaseAll();
    expect(await b.takeFree()).toContain(run);
    await b.release(run);
    await store.db.update(runs).set({ state: 'finished' }).where(eq(runs.id, run));
    expect(await a.take(run)).toBeNull();
    expect(await a.takeFree()).not.toContain(run);
    // Who deletes it is its last owner.
    expect(await a.takeOver(run)).toBe(3);
    expect(await b.takeOver(run)).toBeNull();
    await makeRun(store, `${run}-draft`, 'draft');
    expect(await a.take(`${run}-draft`)).toBeNull();
  });

  it('a server that is alone takes every run at once, and whoever shares later takes its', async () => {
    const [a, b, c] = [node('a', true), node('b', true), node('c')];
    await a.take(run);
    expect(await b.takeFree()).toContain(run);
    await expect(transition(a, run, 1, 'a')).rejects.toMatchObject({ code: 'unavailable' });
    expect(await c.takeFree()).toContain(run);
    expect(c.fenceOf(run)).toBe(3);
    await c.releaseAll();
  });

  it('a run that is taken by several at once in one server is taken once', async () => {
    const a = node('a', true);
    const taken = await Promise.all([a.take(run), a.takeOver(run), a.takeFree(), a.take(run)]);
    expect(taken.filter((t) => typeof t === 'number')).toEqual([1, 1, 1]);
    expect(a.fenceOf(run)).toBe(1);
  });

  it('a write without the fence is a mistake', async () => {
    const a = node('a');
    await a.take(run);
    const db = a.fenced(run, 1);
    expect(() => db.update(runs)).toThrow('demands the fence');
    expect(() => db.delete(runs)).toThrow('demands the fence');
    expect(await db.select({ id: runs.id }).from(runs).where(eq(runs.id, run))).toEqual([{ id: run }]);
  });

  it('whatever nodes do in whatever order: of a run one transition at most is possible, by its newest owner', async () => {
    const step = fc.record({
      who: fc.nat(2),
      what: fc.constantFrom('take', 'renew', 'release', 'expire', 'go'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const id = `run-${n++}`;
        await makeRun(store, id, 'running');
        const crew = ['a', 'b', 'c'].map((name) => node(`${id}-${name}`));
        /** As it should be: who took it last, with what fence. */
        let owner: { readonly who: number; readonly fence: number } | null = null;
        let free = true;
        for (const { who, what } of steps) {
          const one = crew[who]!;
          switch (what) {
            case 'take': {
              const held = one.fenceOf(id);
              // As if asked later: another's lease is believed for some seconds.
              const taken = held ?? (await one.takeOver(id));
              if (held !== null) break;
              expect(taken).toBe(free ? (owner?.fence ?? 0) + 1 : null);
              if (taken !== null) [owner, free] = [{ who, fence: taken }, false];
              break;
            }
            case 'renew':
              await one.renew();
              if (one.fenceOf(id) !== null) free = false;
              expect(one.fenceOf(id) === null || owner?.who === who).toBe(true);
              break;
            case 'release':
              await one.release(id);
              if (owner?.who === who) free = true;
              break;
            case 'expire':
              await store.db.update(rows).set({ leaseUntil: sql`now()` }).where(eq(rows.run, id));
              free = true;
              break;
            case 'go':
              for (const [k, node] of crew.entries()) {
                const fence = node.fenceOf(id);
                if (fence === null) continue;
                const went = await transition(node, id, fence, String(k)).then(
                  () => true,
                  () => false,
                );
                expect(went).toBe(owner?.who === k && owner.fence === fence);
              }
              break;
            default:
              what satisfies never;
          }
        }
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});

describe.skipIf(postgresLacking)(`a node that stands still${postgresLacking}`, () => {
  let database: Awaited<ReturnType<typeof freshPostgres>>;
  let folders: string[];
  let stores: Store[];
  beforeEach(async () => {
    database = await freshPostgres();
    folders = await Promise.all([1, 2, 3].map(() => temporaryFolder()));
    const [sharedDir = '', ...own] = folders;
    stores = [];
    for (const dataDir of own)
      stores.push(await openStore({ dataDir, databaseUrl: database.url, sharedDir }));
  }, 60_000);
  afterEach(async () => {
    for (const store of stores) await store.close();
    await database.drop();
  });

  it('in the middle of a transition does not keep its run: PostgreSQL ends its transaction', async () => {
    const [one, two] = stores as [Store, Store];
    const [a, b] = [new Leases(one, one.node, false), new Leases(two, two.node, false)];
    await makeRun(one, 'run-1', 'running');
    expect(await a.take('run-1')).toBe(1);
    const wakes = new AbortController();
    const standing = a.fenced('run-1', 1).transaction(async (tx) => {
      await tx.update(runs).set({ reason: 'a' }).where(eq(runs.id, 'run-1'));
      // As if it were suspended here: nothing is asked of the database for longer than a lease holds.
      await sleep(60_000, undefined, { signal: wakes.signal }).catch(() => {});
      await tx.update(runs).set({ reason: 'a, later' }).where(eq(runs.id, 'run-1'));
    });
    const ended = standing.then(
      () => 'committed',
      () => 'refused',
    );
    await sleep(200);
    const before = performance.now();
    while ((await b.takeFree()).length === 0) {
      expect(performance.now() - before).toBeLessThan(15_000);
      await sleep(200);
    }
    expect(b.fenceOf('run-1')).toBe(2);
    wakes.abort();
    expect(await ended).toBe('refused');
    expect(await reasonOf(two, 'run-1')).toBe('');
  }, 60_000);
});
