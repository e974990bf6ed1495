import { ErrorBody, RunManifest, RunPublic, StrataError, UpdateReceipt } from '@strata/fl-core/protocol';
import { z } from 'zod';
import { sha256Hex } from './digest.ts';
import type { Identity } from './options.ts';
import type { DataPlane } from './transport.ts';

export interface HttpPlaneOptions {
  readonly server: string;
  readonly run: string;
  readonly identity: Identity;
  /** Called with the bytes that really crossed the network. */
  readonly traffic: (down: number, up: number) => void;
}

const Answer = z.union([
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), error: ErrorBody }),
]);

/** The data plane over HTTP (design, 4). */
export function createHttpPlane({ server, run, identity, traffic }: HttpPlaneOptions): DataPlane {
  const { client, secret } = identity;
  const runUrl = `${server}/api/public/runs/${encodeURIComponent(run)}`;

  return {
    manifest: async (signal) => read(await fetch(`${runUrl}/manifest`, { signal }), RunManifest),
    run: async (signal) => read(await fetch(runUrl, { signal }), RunPublic),
    async blob(sha256, signal) {
      const url = `${server}/blobs/${sha256}`;
      const headers = { 'x-strata-client': `${run}/${client}` };
      // A damaged copy may sit in the browser's cache: the second try goes round it.
      for (const cache of ['default', 'reload'] as const) {
        const response = await fetch(url, { headers, signal, cache });
        if (!response.ok) return read(response, z.never());
        const bytes = new Uint8Array(await response.arrayBuffer());
        if (!fromCache(url)) traffic(bytes.byteLength, 0);
        if ((await sha256Hex(bytes)) === sha256) return bytes;
      }
      throw new StrataError(
        'unavailable',
        `The download ${sha256.slice(0, 12)} arrived damaged twice.`,
        'Strata tries again by itself; if it lasts, check the network for a proxy that changes downloads.',
      );
    },
    async upload(round, update, signal) {
      const response = await fetch(`${server}/runs/${encodeURIComponent(run)}/rounds/${round}/update`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${client}.${secret}`, 'content-type': 'application/octet-stream' },
        body: update,
        signal,
      });
      const receipt = await read(response, UpdateReceipt);
      traffic(0, update.byteLength);
      return receipt;
    },
  };
}

/** The value of an `{ok, value}` answer; its error thrown. What is not such an answer counts as none (a proxy). */
async function read<T>(response: Response, schema: z.ZodType<T>): Promise<T> {
  const answer = Answer.safeParse(await response.json().catch(() => null));
  if (!answer.success) throw new Error(`The server answered ${response.status} without a reason.`);
  if (!answer.data.ok) throw StrataError.fromBody(answer.data.error);
  return schema.parse(answer.data.value);
}

/** Whether the newest response for `url` came from the browser's HTTP cache. Node and old browsers cannot tell. */
function fromCache(url: string): boolean {
  const entry = performance.getEntriesByName(url, 'resource').at(-1);
  performance.clearResourceTimings?.();
  return typeof PerformanceResourceTiming !== 'undefined' && entry instanceof PerformanceResourceTiming
    ? entry.transferSize === 0 && entry.decodedBodySize > 0
    : false;
}
