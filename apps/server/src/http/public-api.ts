import { joinKeyHeader, StrataError } from '@strata/fl-core/protocol';
import type { FastifyRequest } from 'fastify';
import type { HasAllowance } from '../entry/allowance.ts';
import { sessionCookie } from '../entry/operators/cookie.ts';
import type { RemoteAddress } from '../entry/remote-address.ts';
import { authenticate } from '../intake/clients.ts';
import { wayIn } from '../intake/invitations.ts';
import { findClient, getRun } from '../store/rows.ts';
import type { HasDb } from '../store/store.ts';
import type { Views } from '../views/views.ts';
import { type Admit, bearerOf, credentialsOf } from './credentials.ts';
import { type ReadinessPorts, readiness } from './readiness.ts';
import type { RouteHandlers } from './serve-routes.ts';

type Public = Pick<RouteHandlers, 'health' | 'ready' | 'knock' | 'publicRuns' | 'publicRun' | 'manifest'>;

/** What anybody may ask, or who is invited. `admit` throws where a role is missing. */
export const publicApi = (
  ports: ReadinessPorts & HasAllowance & { readonly remoteAddress: RemoteAddress },
  views: Views,
  admit: Admit,
): Public => ({
  health: async () => ({ status: 'alive' }),
  ready: async ({ reply }) => {
    const now = await readiness(ports);
    reply.code(now.ready ? 200 : 503).header('cache-control', 'no-store');
    return now;
  },
  knock: async ({ request }) => {
    ports.allowance.checkRoom(ports.remoteAddress(request.raw));
    return null;
  },
  publicRuns: () => views.publicList(),
  publicRun: async ({ params: { run }, request }) => {
    await checkInvited(ports, run, request, admit);
    return views.public(run);
  },
  manifest: async ({ params: { run }, request }) => {
    await checkInvited(ports, run, request, admit);
    return views.manifest(run);
  },
});

/**
 * Lets who brings the secret of the join link pass, and who is in already: its clients, whose link may have been renewed
 * since, and who may look at all runs. Throws `unknown-run`, `not-invited`, `banned`, or what is wrong with what it brings instead.
 */
async function checkInvited(ports: HasDb, id: string, request: FastifyRequest, admit: Admit): Promise<void> {
  const header = request.headers[joinKeyHeader];
  const key = typeof header === 'string' ? header : undefined;
  const run = await getRun(ports.db, id);
  const refusal = await ports.db
    .transaction((tx) => wayIn(tx, run, key))
    .then(
      () => null,
      (error: unknown) => {
        if (error instanceof StrataError && error.code === 'not-invited') return error;
        throw error;
      },
    );
  if (refusal === null) return;
  const credentials = credentialsOf(request);
  if (credentials !== null && (await findClient(ports.db, id, credentials.client)) !== null) {
    await authenticate(ports, id, credentials.client, credentials.secret);
    return;
  }
  if (credentials !== null) throw refusal;
  if (bearerOf(request) !== null) {
    await admit(request, 'viewer');
    return;
  }
  if (sessionCookie(request.headers) === null) throw refusal;
  // Somebody's session that has ended makes nobody less than a stranger.
  await admit(request, 'viewer').catch((error: unknown) => {
    throw error instanceof StrataError && error.code === 'unauthorized' ? refusal : error;
  });
}
