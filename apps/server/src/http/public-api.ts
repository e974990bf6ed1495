import { sql } from 'drizzle-orm';
import type { HasDb } from '../store/store.ts';
import type { Views } from '../views/views.ts';
import type { RouteHandlers } from './serve-routes.ts';

type Public = Pick<RouteHandlers, 'health' | 'publicRuns' | 'publicRun' | 'manifest'>;

/** What anybody may ask. */
export const publicApi = ({ db }: HasDb, views: Views): Public => ({
  health: async () => {
    await db.execute(sql`select 1`);
    return { status: 'ready' };
  },
  publicRuns: () => views.publicList(),
  publicRun: ({ params: { run } }) => views.public(run),
  manifest: ({ params: { run } }) => views.manifest(run),
});
