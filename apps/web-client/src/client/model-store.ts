import { sha256Hex } from '@strata/client';
import type { Keeping, KeptModels } from '@strata/client/session';

const cacheName = 'strata-models';
/** Base weights and tokenizers of a few models; what does not fit pushes out what was stored first. */
export const mostModelBytes = 1024 * 2 ** 20;

const urlOf = (sha256: string) => `/model-parts/${sha256}`;

type Caches = Pick<CacheStorage, 'open' | 'delete'>;

/** Parts of models by hash in the Cache API, so that they are fetched once per browser. Never throws. */
export class ModelStore implements KeptModels {
  readonly #caches: Caches | undefined;
  readonly #most: number;
  /** Used in this visit: pushed out last. */
  readonly #used = new Set<string>();

  /** @param caches none on a page from plain http. */
  constructor(caches: Caches | undefined = globalThis.caches, most = mostModelBytes) {
    this.#caches = caches;
    this.#most = most;
  }

  /** The bytes of a part; null when it is not here, or damaged. */
  async get(sha256: string): Promise<Uint8Array | null> {
    try {
      const cache = await this.#caches?.open(cacheName);
      const response = await cache?.match(urlOf(sha256));
      if (cache === undefined || response === undefined) return null;
      const bytes = new Uint8Array(await response.arrayBuffer());
      this.#used.add(urlOf(sha256));
      if ((await sha256Hex(bytes)) === sha256) return bytes;
      await cache.delete(urlOf(sha256));
      return null;
    } catch {
      return null;
    }
  }

  /** Keeps a part if there is room, or room can be made. */
  async put(sha256: string, bytes: Uint8Array): Promise<Keeping> {
    if (bytes.length > this.#most) return 'no-room';
    try {
      const cache = await this.#caches?.open(cacheName);
      if (cache === undefined) return 'unavailable';
      this.#used.add(urlOf(sha256));
      await this.#makeRoom(cache, bytes.length);
      const headers = { 'content-length': String(bytes.length) };
      await cache.put(urlOf(sha256), new Response(new Uint8Array(bytes), { headers }));
      return 'kept';
    } catch (error) {
      return error instanceof Error && error.name === 'QuotaExceededError' ? 'no-room' : 'unavailable';
    }
  }

  /** Of all parts, in bytes. */
  async size(): Promise<number> {
    try {
      const cache = await this.#caches?.open(cacheName);
      return cache === undefined ? 0 : (await partsIn(cache)).reduce((sum, part) => sum + part.bytes, 0);
    } catch {
      return 0;
    }
  }

  async clear(): Promise<void> {
    try {
      await this.#caches?.delete(cacheName);
    } catch {
      return; // there is none
    }
  }

  async #makeRoom(cache: Cache, wanted: number): Promise<void> {
    const parts = await partsIn(cache);
    const idle = parts.filter(({ path }) => !this.#used.has(path));
    const busy = parts.filter(({ path }) => this.#used.has(path));
    let bytes = parts.reduce((sum, part) => sum + part.bytes, wanted);
    for (const part of [...idle, ...busy]) {
      if (bytes <= this.#most) return;
      await cache.delete(part.path);
      bytes -= part.bytes;
    }
  }
}

/** In the order they were stored. */
async function partsIn(cache: Cache): Promise<{ readonly path: string; readonly bytes: number }[]> {
  const parts: { path: string; bytes: number }[] = [];
  for (const request of await cache.keys()) {
    const path = new URL(request.url).pathname;
    const length = (await cache.match(path))?.headers.get('content-length');
    parts.push({ path, bytes: Number(length ?? 0) });
  }
  return parts;
}
