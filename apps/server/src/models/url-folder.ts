import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { shownSource } from '@strata/fl-core/models/layouts';
import { StrataError } from '@strata/fl-core/protocol';
import { fetchFolder, type RemoteFolder } from './download.ts';
import { type FetchPolicy, guardedFetch } from './guarded-fetch.ts';

/** A download that has not ended after this long has failed. */
const timeoutMs = 15 * 60_000;

/**
 * The files under a URL, downloaded once: delete the cache to have them again. What stands behind `?` (a signature, say)
 * is sent with each file's address, and shown nowhere. Throws as {@link fetchFolder}; `bad-config` where `policy` does
 * not allow the address, or one that it redirects to.
 */
export function fetchUrlFolder(url: URL, cacheDir: string, policy: FetchPolicy): Promise<string> {
  const base = new URL(url);
  base.hash = '';
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  const key = createHash('sha256').update(base.href).digest('hex').slice(0, 32);
  return fetchFolder(webFolder(base, policy), join(cacheDir, `url-${key}`));
}

function webFolder(base: URL, policy: FetchPolicy): RemoteFolder {
  const name = shownSource(base.href);
  const ask = async (file: string, method: 'GET' | 'HEAD'): Promise<Response> => {
    const url = new URL(base);
    url.pathname += file;
    try {
      return await guardedFetch(policy)(url, { method, signal: AbortSignal.timeout(timeoutMs) });
    } catch (cause) {
      throw cause instanceof StrataError ? cause : notHad(name, file, cause);
    }
  };
  return {
    name,
    async open(file) {
      const response = await ask(file, 'GET');
      if (response.ok && response.body) return response.body;
      await response.body?.cancel();
      if (response.status === 404 || response.status === 410) return null;
      throw notHad(name, file, new Error(`the answer is ${response.status} ${response.statusText}`));
    },
    has: async (file) => (await ask(file, 'HEAD')).ok,
  };
}

/** The same words for whatever reason: who may name addresses shall not learn from them what answers there. */
const notHad = (name: string, file: string, cause: unknown): StrataError =>
  new StrataError(
    'unavailable',
    `${file} of ${name} cannot be downloaded.`,
    'Check the address; the server’s log has the reason. Or put the model into a folder of STRATA_MODELS_DIR.',
    { cause },
  );
