import { type JoinAddresses, routes } from '@strata/fl-core/protocol';
import type { FastifyInstance } from 'fastify';
import type { CreatePorts } from '../engine/runs.ts';
import type { OperatorGuard } from '../entry/operator-guard.ts';
import type { RemoteAddress } from '../entry/remote-address.ts';
import type { UpdatePorts } from '../intake/answers.ts';
import type { SeesPresence } from '../live/presence.ts';
import type { HasTraffic } from '../live/traffic.ts';
import type { ModelUploads } from '../models/index.ts';
import type { HasSpace } from '../store/disk-space.ts';
import type { Views } from '../views/views.ts';
import { blob } from './blobs.ts';
import { downloads } from './checkpoint.ts';
import { modelUploads } from './model-uploads.ts';
import { describeRoutes } from './openapi.ts';
import { operatorApi, operatorCheck } from './operator-api.ts';
import { publicApi } from './public-api.ts';
import { serveRoutes } from './serve-routes.ts';
import { update } from './updates.ts';

export interface ApiOptions {
  readonly ports: CreatePorts & UpdatePorts & SeesPresence & HasTraffic & HasSpace;
  readonly views: Views;
  readonly uploads: ModelUploads;
  readonly guard: OperatorGuard;
  readonly remoteAddress: RemoteAddress;
  /** Whether the engine runs. */
  readonly hasStarted: () => boolean;
  readonly joinAddresses: () => JoinAddresses;
}

/** Serves all routes of the protocol, and their description. */
export function serveApi(
  parent: FastifyInstance,
  { ports, views, uploads, guard, remoteAddress, hasStarted, joinAddresses }: ApiOptions,
): void {
  const checkOperator = operatorCheck(guard, remoteAddress);
  parent.register(async (app) => {
    await describeRoutes(app);
    serveRoutes(
      app,
      {
        ...publicApi({ ...ports, hasStarted, remoteAddress }, views, checkOperator),
        ...operatorApi(ports, views),
        joinAddresses: async () => joinAddresses(),
        ...downloads(ports, views),
        ...modelUploads(ports, uploads),
        blob: blob(ports),
        update: update(ports),
        description: async ({ reply }) => {
          return reply.type(routes.description.answer.mediaType).send(JSON.stringify(app.swagger()));
        },
      },
      checkOperator,
    );
  });
}
