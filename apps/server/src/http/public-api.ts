import { sql } from 'drizzle-orm';
import type { Context } from '../rounds/context.ts';
import type { Views } from '../rounds/views.ts';
import type { RouteHandlers } from './serve-routes.ts';

type Public = Pick<RouteHandlers, 'health' | 'publicRuns' | 'publicRun' | 'manifest'>;

/** What anybody may ask. */
export const publicApi = (context: Context, views: Views): Public => ({
  health: async () => {
    await context.db.execute(sql`select 1`);
    return { status: 'ready' };
  },
  publicRuns: () => views.publicList(),
  publicRun: ({ params: { run } }) => views.public(run),
  manifest: ({ params: { run } }) => views.manifest(run),
});
