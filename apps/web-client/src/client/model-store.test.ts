import { createHash } from 'node:crypto';
import type { DataPlane } from '@strata/client';
import { withKeptModels } from '@strata/client/session';
import { describe, expect, test } from 'vitest';
import { ModelStore } from './model-store.ts';

const part = (fill: number, length = 10) => new Uint8Array(length).fill(fill);
const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** The Cache API as far as it is used; what is stored outlives a ModelStore as it does a page. */
function memoryCaches() {
  const entries = new Map<string, Response>();
  const absolute = (path: string) => new URL(path, 'http://strata.test').href;
  const cache = {
    match: async (path: string) => entries.get(absolute(path))?.clone(),
    put: async (path: string, response: Response) => void entries.set(absolute(path), response),
    delete: async (path: string) => entries.delete(absolute(path)),
    keys: async () => [...entries.keys()].map((url) => new Request(url)),
  };
  const caches = {
    open: async () => cache,
    delete: async () => {
      entries.clear();
      return true;
    },
  };
  return { entries, caches: caches as unknown as CacheStorage };
}

describe('ModelStore', () => {
  test('parts are found by hash in the next visit', async () => {
    const { caches } = memoryCaches();
    await new ModelStore(caches).put(hash(part(1)), part(1));
    const next = new ModelStore(caches);
    expect(await next.get(hash(part(1)))).toEqual(part(1));
    expect(await next.get(hash(part(2)))).toBeNull();
    expect(await next.size()).toBe(10);
    await next.clear();
    expect([await next.get(hash(part(1))), await next.size()]).toEqual([null, 0]);
  });

  test('a damaged part is dropped', async () => {
    const { caches } = memoryCaches();
    const store = new ModelStore(caches);
    await store.put(hash(part(1)), part(2));
    expect(await store.get(hash(part(1)))).toBeNull();
    expect(await store.size()).toBe(0);
  });

  test('beyond the limit the oldest goes, those used in this visit last', async () => {
    const { caches } = memoryCaches();
    const before = new ModelStore(caches, 30);
    for (const i of [1, 2, 3]) await before.put(hash(part(i)), part(i));
    const store = new ModelStore(caches, 30);
    await store.get(hash(part(1)));
    await store.put(hash(part(4)), part(4));
    const there = await Promise.all([1, 2, 3, 4].map(async (i) => (await store.get(hash(part(i)))) !== null));
    expect(there).toEqual([true, false, true, true]);
    await store.put(hash(part(5, 31)), part(5, 31));
    expect(await store.size()).toBe(30);
  });

  test('without a Cache API, or with one that fails, nothing is kept and nothing throws', async () => {
    const failing = {
      open: () => Promise.reject(new Error('no')),
      delete: () => Promise.reject(new Error('no')),
    };
    for (const store of [new ModelStore(undefined), new ModelStore(failing)]) {
      expect(await store.put(hash(part(1)), part(1))).toBe('unavailable');
      expect([await store.get(hash(part(1))), await store.size()]).toEqual([null, 0]);
      await store.clear();
    }
  });
});

test('a part for which the browser has no room is told of, and fetched again', async () => {
  const { caches } = memoryCaches();
  const full = {
    ...caches,
    open: async (name: string) =>
      Object.assign(Object.create(await caches.open(name)), {
        put: () => Promise.reject(new DOMException('full', 'QuotaExceededError')),
      }),
  };
  const store = new ModelStore(full);
  expect(await store.put(hash(part(1)), part(1))).toBe('no-room');
  const told: string[] = [];
  let fetched = 0;
  const plane = {
    blob: async () => {
      fetched += 1;
      return part(1);
    },
  } as unknown as DataPlane;
  const kept = withKeptModels(plane, store, (keeping) => told.push(keeping));
  for (let n = 0; n < 2; n++) {
    expect(await kept.blob(hash(part(1)), new AbortController().signal)).toEqual(part(1));
  }
  expect([fetched, told]).toEqual([2, ['no-room', 'no-room']]);
});

describe('withModelStore', () => {
  function world() {
    const fetched: string[] = [];
    const blobs = new Map([1, 2, 3].map((i) => [hash(part(i)), part(i)]));
    const plane: DataPlane = {
      manifest: () => Promise.reject(new Error('not asked for')),
      run: () => Promise.reject(new Error('not asked for')),
      knock: async () => {},
      blob: async (sha256) => {
        fetched.push(sha256);
        return blobs.get(sha256)!;
      },
      upload: async (round) => ({ round, bytes: 0, sha256: '' }) as never,
    };
    return { plane, fetched };
  }
  const open = () => new AbortController().signal;

  test('what came before the first update is fetched once per browser, later layers are not kept', async () => {
    const { caches } = memoryCaches();
    const { plane, fetched } = world();
    const first = withKeptModels(plane, new ModelStore(caches));
    expect(await first.blob(hash(part(1)), open())).toEqual(part(1));
    await first.upload(1, new Uint8Array(), open());
    expect(await first.blob(hash(part(2)), open())).toEqual(part(2));
    const afterReload = withKeptModels(plane, new ModelStore(caches));
    expect(await afterReload.blob(hash(part(1)), open())).toEqual(part(1));
    expect(await afterReload.blob(hash(part(2)), open())).toEqual(part(2));
    expect(fetched).toEqual([1, 2, 2].map((i) => hash(part(i))));
  });

  test('a cancelled fetch is cancelled though the part is here', async () => {
    const { caches } = memoryCaches();
    const store = new ModelStore(caches);
    await store.put(hash(part(1)), part(1));
    const plane = withKeptModels(world().plane, store);
    await expect(plane.blob(hash(part(1)), AbortSignal.abort(new Error('left')))).rejects.toThrow('left');
  });
});
