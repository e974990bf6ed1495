import { samples, sampleTasks } from '@strata/fl-core/data/samples';
import { catalog, describeModel } from '@strata/fl-core/models/layouts';
import { type Catalog, modelIds, StrataError } from '@strata/fl-core/protocol';
import type { FastifyRequest } from 'fastify';
import type { Context } from '../rounds/context.ts';
import { listEvents } from '../rounds/events.ts';
import { hashSecret, sameHash } from '../rounds/registry.ts';
import { getRun } from '../rounds/rows.ts';
import { commandRun, createRun } from '../rounds/runs.ts';
import type { Views } from '../rounds/views.ts';
import type { RouteHandlers } from './serve-routes.ts';

/** Lets a request pass that brings `authorization: Bearer TOKEN`; throws `unauthorized` otherwise. */
export function operatorCheck(token: string): (request: FastifyRequest) => void {
  const wanted = hashSecret(token);
  return (request) => {
    const [, given = ''] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '') ?? [];
    if (sameHash(hashSecret(given), wanted)) return;
    throw new StrataError('unauthorized', 'The operator token is wrong.', 'Use the printed address.');
  };
}

type Operator = Pick<
  RouteHandlers,
  'catalog' | 'findModel' | 'runs' | 'createRun' | 'run' | 'commandRun' | 'round' | 'events'
>;

/** What the dashboard asks and does. */
export const operatorApi = (context: Context, views: Views): Operator => ({
  catalog: () => describeCatalog(context),
  findModel: ({ body: { source, granularity } }) =>
    context.models.resolve({ source, granularity, found: null }),
  runs: () => views.list(),
  createRun: async ({ body }) => {
    const { id } = await createRun(context, body);
    return views.run(id);
  },
  run: ({ params: { run } }) => views.run(run),
  commandRun: async ({ params: { run }, body: { command } }) => {
    await commandRun(context, run, command);
    return views.run(run);
  },
  round: ({ params: { run, round } }) => views.round(run, round),
  events: async ({ params: { run }, query: { after, limit } }) => {
    await getRun(context.db, run);
    return listEvents(context, run, after ?? null, limit);
  },
});

async function describeCatalog({ models }: Pick<Context, 'models'>): Promise<Catalog> {
  const described: Catalog['models'] = [];
  for (const id of modelIds) {
    described.push({ id, ...describeModel(catalog[id]), ...(await models.availability(id)) });
  }
  return {
    models: described,
    samples: Object.values(samples).map((sample) => {
      const { id, title, kind, labels, split } = sample;
      return { id, title, kind, tasks: [...sampleTasks(sample)], labels: [...labels], split };
    }),
  };
}
