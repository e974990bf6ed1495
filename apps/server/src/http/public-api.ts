import type { Views } from '../views/views.ts';
import { type ReadinessPorts, readiness } from './readiness.ts';
import type { RouteHandlers } from './serve-routes.ts';

type Public = Pick<RouteHandlers, 'health' | 'ready' | 'publicRuns' | 'publicRun' | 'manifest'>;

/** What anybody may ask. */
export const publicApi = (ports: ReadinessPorts, views: Views): Public => ({
  health: async () => ({ status: 'alive' }),
  ready: async ({ reply }) => {
    const now = await readiness(ports);
    reply.code(now.ready ? 200 : 503).header('cache-control', 'no-store');
    return now;
  },
  publicRuns: () => views.publicList(),
  publicRun: ({ params: { run } }) => views.public(run),
  manifest: ({ params: { run } }) => views.manifest(run),
});
