import { samples, sampleTasks } from '@strata/fl-core/data/samples';
import { catalog, describeModel } from '@strata/fl-core/models/layouts';
import {
  type Catalog,
  ImportedModel,
  modelIds,
  RunCommand,
  RunConfig,
  StrataError,
} from '@strata/fl-core/protocol';
import type { FastifyInstance } from 'fastify';
import { type CreatePorts, commandRun, createRun } from '../engine/runs.ts';
import { hashSecret, sameHash } from '../intake/clients.ts';
import type { HasModels, ModelUploads } from '../models/index.ts';
import type { HasBlobs } from '../store/blobs.ts';
import type { Views } from '../views/views.ts';
import { checkpointRoutes } from './checkpoint.ts';
import { uploadRoutes } from './model-uploads.ts';
import { EventQuery, parse, RoundParams, RunParams } from './parse.ts';
import { ok } from './reply.ts';

interface OperatorOptions {
  readonly token: string;
  readonly uploads: ModelUploads;
}

/** `/api`: what the dashboard does; every request brings `authorization: Bearer TOKEN`. */
export function operatorRoutes(
  parent: FastifyInstance,
  ports: CreatePorts & HasBlobs,
  views: Views,
  { token, uploads }: OperatorOptions,
): void {
  const { models, events } = ports;
  const wanted = hashSecret(token);
  parent.register(async (app) => {
    app.addHook('onRequest', async (request) => {
      const [, given = ''] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '') ?? [];
      if (!sameHash(hashSecret(given), wanted)) {
        throw new StrataError('unauthorized', 'The operator token is wrong.', 'Use the printed address.');
      }
    });

    app.get('/api/catalog', async () => ok(await describeCatalog(models)));
    /** What there is at a source that the operator names; what is fetched for that is kept. */
    app.post('/api/models', async (request) => {
      const { source, granularity } = parse(ImportedModel, request.body, 'bad-config');
      return ok(await models.resolve({ source, granularity, found: null }));
    });
    app.get('/api/runs', async () => ok(await views.list()));
    app.post('/api/runs', async (request) => {
      const run = await createRun(ports, parse(RunConfig, request.body, 'bad-config'));
      return ok(await views.run(run));
    });
    app.get('/api/runs/:run', async (request) => {
      return ok(await views.run(parse(RunParams, request.params).run));
    });
    app.post('/api/runs/:run/state', async (request) => {
      const { run } = parse(RunParams, request.params);
      await commandRun(ports, run, parse(RunCommand, request.body).command);
      return ok(await views.run(run));
    });
    app.get('/api/runs/:run/rounds/:round', async (request) => {
      const { run, round } = parse(RoundParams, request.params);
      return ok(await views.round(run, round));
    });
    app.get('/api/runs/:run/events', async (request) => {
      const { run } = parse(RunParams, request.params);
      const { after, limit } = parse(EventQuery, request.query);
      return ok(await events.list(run, after ?? null, limit));
    });
    checkpointRoutes(app, ports, views);
    uploadRoutes(app, ports, uploads);
  });
}

async function describeCatalog(models: HasModels['models']): Promise<Catalog> {
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
