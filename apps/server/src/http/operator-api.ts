import { samples, sampleTasks } from '@strata/fl-core/data/samples';
import { catalog, describeModel } from '@strata/fl-core/models/layouts';
import { type Catalog, modelIds } from '@strata/fl-core/protocol';
import type { FastifyRequest } from 'fastify';
import { type CreatePorts, commandRun, createRun, renewJoinKey } from '../engine/runs.ts';
import type { OperatorGuard } from '../entry/operator-guard.ts';
import type { RemoteAddress } from '../entry/remote-address.ts';
import { commandClient } from '../intake/moderation.ts';
import type { HasModels } from '../models/index.ts';
import type { Views } from '../views/views.ts';
import { bearerOf } from './credentials.ts';
import type { RouteHandlers } from './serve-routes.ts';

/** Lets a request pass that brings `authorization: Bearer TOKEN`; throws `unauthorized` or `rate-limited` otherwise. */
export const operatorCheck =
  (guard: OperatorGuard, remoteAddress: RemoteAddress) =>
  (request: FastifyRequest): void =>
    guard.check(bearerOf(request) ?? '', remoteAddress(request.raw));

type Operator = Pick<
  RouteHandlers,
  | 'catalog'
  | 'findModel'
  | 'runs'
  | 'createRun'
  | 'run'
  | 'commandRun'
  | 'renewJoinKey'
  | 'commandClient'
  | 'round'
  | 'events'
>;

/** What the dashboard asks and does. */
export const operatorApi = (ports: CreatePorts, views: Views): Operator => ({
  catalog: () => describeCatalog(ports),
  findModel: ({ body: { source, granularity } }) =>
    ports.models.resolve({ source, granularity, found: null }),
  runs: () => views.list(),
  createRun: async ({ body }) => {
    return views.run(await createRun(ports, body));
  },
  run: ({ params: { run } }) => views.run(run),
  commandRun: async ({ params: { run }, body: { command } }) => {
    await commandRun(ports, run, command);
    return views.run(run);
  },
  renewJoinKey: async ({ params: { run } }) => {
    await renewJoinKey(ports, run);
    return views.run(run);
  },
  commandClient: async ({ params: { run, client }, body: { command } }) => {
    await commandClient(ports, run, client, command);
    return views.run(run);
  },
  round: ({ params: { run, round } }) => views.round(run, round),
  events: ({ params: { run }, query: { after, limit } }) => ports.events.list(run, after ?? null, limit),
});

async function describeCatalog({ models }: HasModels): Promise<Catalog> {
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
