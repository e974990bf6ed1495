import {
  participantRoutes,
  type RunManifest,
  type RunPublic,
  StrataError,
  type UpdateReceipt,
  updateSignatureHeader,
} from '@strata/fl-core/protocol';
import { Caller } from './caller.ts';
import { sha256Hex } from './digest.ts';
import type { Identity } from './identity.ts';
import { type Invitation, invited } from './join-link.ts';

/** The data plane of one client in one run; errors as {@link Caller} throws them. */
export interface DataPlane {
  manifest(signal: AbortSignal): Promise<RunManifest>;
  run(signal: AbortSignal): Promise<RunPublic>;
  /** The bytes of a blob, checked against their hash. */
  blob(sha256: string, signal: AbortSignal): Promise<Uint8Array>;
  /** Whether the server answers at all, and takes no longer than the signal allows. Rejects where it does not. */
  knock(signal: AbortSignal): Promise<void>;
  /** Idempotent: the same bytes again are acknowledged and not counted again (R4). */
  upload(round: number, update: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<UpdateReceipt>;
}

export interface DataOptions extends Invitation {
  /** Origin of the server; empty: the page's own. */
  readonly server: string;
  readonly identity: Identity;
  /** Called with the bytes that really crossed the network. */
  readonly traffic?: (down: number, up: number) => void;
  /** Signs what is sent in a round, as one line; null: this client has no key. Absent: nothing is signed. */
  readonly sign?: (round: number, update: Uint8Array<ArrayBuffer>) => Promise<string | null>;
}

/** The data plane over HTTP (design, 4). */
export function createDataPlane({
  server,
  run,
  key,
  identity,
  traffic = () => {},
  sign = async () => null,
}: DataOptions): DataPlane {
  const { client, secret } = identity;
  const caller = new Caller({ server, token: () => `${client}.${secret}` });
  const headers = invited(key);
  return {
    manifest: (signal) => caller.call(participantRoutes.manifest, { params: { run } }, { signal, headers }),
    run: (signal) => caller.call(participantRoutes.publicRun, { params: { run } }, { signal, headers }),
    async blob(sha256, signal) {
      const request = { params: { sha256 } };
      const headers = { 'x-strata-client': `${run}/${client}` };
      // A damaged copy may sit in the browser's cache: the second try goes round it.
      for (const cache of ['default', 'reload'] as const) {
        const response = await caller.bytes(participantRoutes.blob, request, { headers, signal, cache });
        const bytes = new Uint8Array(await response.arrayBuffer());
        if (!fromCache(caller.url(participantRoutes.blob, request))) traffic(bytes.byteLength, 0);
        if ((await sha256Hex(bytes)) === sha256) return bytes;
      }
      throw new StrataError(
        'unavailable',
        `The download ${sha256.slice(0, 12)} arrived damaged twice.`,
        'Strata tries again by itself; if it lasts, check the network for a proxy that changes downloads.',
      );
    },
    knock: async (signal) => {
      await caller.call(participantRoutes.knock, {}, { signal });
    },
    async upload(round, update, signal) {
      const signature = await sign(round, update);
      const headers = signature === null ? {} : { [updateSignatureHeader]: signature };
      const request = { params: { run, round }, body: update };
      const receipt = await caller.call(participantRoutes.update, request, { signal, headers });
      traffic(0, update.byteLength);
      return receipt;
    },
  };
}

/** Whether the newest response for `url` came from the browser's HTTP cache. Node and old browsers cannot tell. */
function fromCache(url: string): boolean {
  const entry = performance.getEntriesByName(url, 'resource').at(-1);
  performance.clearResourceTimings?.();
  return typeof PerformanceResourceTiming !== 'undefined' && entry instanceof PerformanceResourceTiming
    ? entry.transferSize === 0 && entry.decodedBodySize > 0
    : false;
}
