import { type JoinAddresses, routes } from '@strata/fl-core/protocol';
import type { FastifyInstance } from 'fastify';
import type { DeletePorts } from '../engine/deletion.ts';
import type { HasGarbage } from '../engine/garbage-collection.ts';
import type { CreatePorts } from '../engine/runs.ts';
import type { HasAllowance } from '../entry/allowance.ts';
import type { HasDoorkeeper } from '../entry/operators/doorkeeper.ts';
import type { HasOpenId } from '../entry/operators/openid/openid.ts';
import type { RemoteAddress } from '../entry/remote-address.ts';
import type { UpdatePorts } from '../intake/answers.ts';
import type { ModerationPorts } from '../intake/moderation.ts';
import type { SeesPresence } from '../live/presence.ts';
import type { HasTraffic } from '../live/traffic.ts';
import type { UnderWay } from '../live/under-way.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { ModelUploads } from '../models/index.ts';
import type { HasSpace } from '../store/disk-space.ts';
import type { Views } from '../views/views.ts';
import { accountsApi } from './accounts-api.ts';
import { type BackupOptions, backup } from './backup.ts';
import { blob } from './blobs.ts';
import { downloads } from './checkpoint.ts';
import { admitBy } from './credentials.ts';
import { modelUploads } from './model-uploads.ts';
import { describeRoutes } from './openapi.ts';
import { operatorApi } from './operator-api.ts';
import { publicApi } from './public-api.ts';
import { serveRoutes } from './serve-routes.ts';
import { update } from './updates.ts';

export interface ApiOptions {
  readonly ports: CreatePorts &
    DeletePorts &
    UpdatePorts &
    ModerationPorts &
    SeesPresence &
    HasTraffic &
    HasSpace &
    HasDoorkeeper &
    HasOpenId &
    HasAllowance &
    HasGarbage;
  readonly views: Views;
  readonly uploads: ModelUploads;
  readonly metrics: Pick<Metrics, 'text'>;
  readonly backups: BackupOptions;
  readonly uploadsUnderWay: UnderWay;
  readonly remoteAddress: RemoteAddress;
  /** Whether the engine runs. */
  readonly hasStarted: () => boolean;
  readonly joinAddresses: () => JoinAddresses;
}

/** Serves all routes of the protocol, and their description. */
export function serveApi(
  parent: FastifyInstance,
  {
    ports,
    views,
    uploads,
    metrics,
    backups,
    uploadsUnderWay,
    remoteAddress,
    hasStarted,
    joinAddresses,
  }: ApiOptions,
): void {
  const admit = admitBy({ ...ports, remoteAddress });
  parent.register(async (app) => {
    await describeRoutes(app);
    serveRoutes(
      app,
      {
        ...publicApi({ ...ports, hasStarted, remoteAddress }, views, admit),
        ...accountsApi({ ...ports, remoteAddress }),
        ...operatorApi(ports, views),
        joinAddresses: async () => joinAddresses(),
        ...downloads(ports, views),
        ...modelUploads(ports, uploads),
        blob: blob(ports),
        update: update(ports, uploadsUnderWay),
        backup: backup(ports, backups),
        metrics: async ({ reply }) => {
          reply.header('cache-control', 'no-store');
          return reply.type(routes.metrics.answer.mediaType).send(await metrics.text());
        },
        description: async ({ reply }) => {
          return reply.type(routes.description.answer.mediaType).send(JSON.stringify(app.swagger()));
        },
      },
      admit,
    );
  });
}
