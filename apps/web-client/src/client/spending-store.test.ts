import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SpendingStore } from './spending-store.ts';

const step = { client: 'c-1', data: 'aa', sampling: 0.1, noise: 1, steps: 20 };

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
});
afterEach(() => {
  vi.unstubAllGlobals();
});

it('knows after a reload what was spent, run by run', async () => {
  const before = new SpendingStore();
  expect(await before.of('run-1')).toEqual([]);
  expect(await before.add('run-1', step)).toBe(true);
  expect(await before.add('run-1', step)).toBe(true);
  expect(await before.add('run-2', { ...step, noise: 2 })).toBe(true);
  const after = new SpendingStore();
  expect(await after.of('run-1')).toEqual([{ ...step, steps: 40 }]);
  expect(await after.of('run-2')).toEqual([{ ...step, noise: 2 }]);
});

it('loses nothing where tabs add at the same time', async () => {
  const tabs = Array.from({ length: 8 }, () => new SpendingStore());
  await Promise.all(tabs.map((tab, i) => tab.add('run-1', { ...step, client: `c-${i % 2}` })));
  const kept = await new SpendingStore().of('run-1');
  expect([...kept].map((s) => s.steps).sort()).toEqual([80, 80]);
});

it('says where the browser keeps nothing, and knows it as long as the tab lives', async () => {
  vi.stubGlobal('indexedDB', {
    open: () => {
      throw new Error('a private window');
    },
  });
  const store = new SpendingStore();
  expect(await store.of('run-1')).toEqual([]);
  expect(await store.add('run-1', step)).toBe(false);
  expect(await store.of('run-1')).toEqual([step]);
});

it('does not take what it cannot read for nothing, where the browser keeps things', async () => {
  const store = new SpendingStore();
  await store.add('run-1', step);
  const get = vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementation(() => {
    throw new Error('the database is damaged');
  });
  await expect(store.of('run-1')).rejects.toThrow('damaged');
  get.mockRestore();
  expect(await store.of('run-1')).toEqual([step]);
});
