import { sql } from 'drizzle-orm';
import type { FastifyInstance } from 'fastify';
import type { HasDb } from '../store/store.ts';
import type { Views } from '../views/views.ts';
import { parse, RunParams } from './parse.ts';
import { ok } from './reply.ts';

/** What anybody may ask. */
export function publicRoutes(app: FastifyInstance, { db }: HasDb, views: Views): void {
  app.get('/api/public/runs', async () => ok(await views.publicList()));
  app.get('/api/public/runs/:run', async (request) => {
    return ok(await views.public(parse(RunParams, request.params).run));
  });
  app.get('/api/public/runs/:run/manifest', async (request) => {
    return ok(await views.manifest(parse(RunParams, request.params).run));
  });
  /** Alive, and the database answers. */
  app.get('/healthz', async () => {
    await db.execute(sql`select 1`);
    return ok({ status: 'ready' });
  });
}
