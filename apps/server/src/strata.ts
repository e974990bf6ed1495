import { join } from 'node:path';
import { DBOS } from '@dbos-inc/dbos-sdk';
import type { FastifyInstance } from 'fastify';
import { serveApi } from './http/api.ts';
import { createModelSource, ModelUploads } from './models/index.ts';
import { Background } from './rounds/background.ts';
import { Bus } from './rounds/bus.ts';
import { collectNewest } from './rounds/collect.ts';
import { type Context, defaultLimits, type Limits, type ModelSource } from './rounds/context.ts';
import { clientLeft } from './rounds/ingest.ts';
import { SharedLock } from './rounds/lock.ts';
import { Presence } from './rounds/presence.ts';
import { activeRuns, restorePresence } from './rounds/runs.ts';
import { lookAtRun } from './rounds/signals.ts';
import { Traffic } from './rounds/traffic.ts';
import { Views } from './rounds/views.ts';
import { bindWorkflows, startRun } from './rounds/workflow.ts';
import type { Settings } from './settings.ts';
import { ClientSockets } from './sockets/clients.ts';
import { OperatorSockets } from './sockets/operators.ts';
import { createSockets } from './sockets/server.ts';
import { Throttle } from './sockets/throttle.ts';
import type { Store } from './store/store.ts';

/** Recovery takes up only workflows of its own version; the steps are idempotent, so one version will do. */
const applicationVersion = 'strata-1';
/** How often a run is looked at after events, at most. */
const lookMs = 5;

/** What the round engine reads of the settings. */
export type StrataSettings = Pick<
  Settings,
  | 'operatorToken'
  | 'clientGraceSeconds'
  | 'maxUpdateBytes'
  | 'dataDir'
  | 'modelsDir'
  | 'deitTinyPin'
  | 'hubUrl'
> & { readonly limits?: Partial<Limits> };

export interface Strata {
  /** Recovers what was under way and begins to work. Call when the HTTP server can be reached. */
  start(): Promise<void>;
  /** Lets go of everything but the store; what was under way goes on at the next start. */
  close(): Promise<void>;
}

/** Where models from elsewhere are kept. */
const modelCache = ({ dataDir }: Pick<StrataSettings, 'dataDir'>): string => join(dataDir, 'models');

/** The round engine behind an HTTP server: registers routes and sockets on `fastify`. */
export function createStrata(
  store: Pick<Store, 'db' | 'pool' | 'databaseUrl' | 'blobs'>,
  settings: StrataSettings,
  fastify: FastifyInstance,
  models: ModelSource = createModelSource({
    modelsDir: settings.modelsDir,
    cacheDir: modelCache(settings),
    deitTinyPin: settings.deitTinyPin,
    hubUrl: settings.hubUrl ?? undefined,
    blobs: store.blobs,
  }),
): Strata {
  const limits: Limits = {
    ...defaultLimits,
    graceMs: settings.clientGraceSeconds * 1000,
    updateBytes: settings.maxUpdateBytes,
    ...settings.limits,
  };
  const presence = new Presence(limits.graceMs, (run, client) => {
    context.background.run(`recording that ${client} is gone`, () =>
      clientLeft(context, run, client, 'did not come back in time'),
    );
  });
  const context: Context = {
    db: store.db,
    blobs: store.blobs,
    models,
    bus: new Bus(),
    presence,
    traffic: new Traffic(),
    naming: new SharedLock(),
    woken: new Set(),
    background: new Background(fastify.log),
    limits,
    log: fastify.log,
  };
  const views = new Views(context);
  const uploads = new ModelUploads(modelCache(settings));
  const looks = new Throttle(
    lookMs,
    (run) => lookAtRun(context, run),
    (error) => context.log.error({ err: error }, 'a run was not looked at'),
  );
  context.bus.onChanged((run) => looks.touch(run));

  const io = createSockets(fastify.server);
  const clientSockets = new ClientSockets(io, context, views);
  const operatorSockets = new OperatorSockets(io, context, views, settings.operatorToken);
  serveApi(fastify, { context, views, uploads, operatorToken: settings.operatorToken });

  return {
    async start() {
      await restorePresence(context);
      bindWorkflows(context);
      DBOS.setConfig({
        name: 'strata',
        systemDatabaseUrl: store.databaseUrl,
        systemDatabasePool: store.pool,
        applicationVersion,
        executorID: 'server',
        logLevel: 'error',
        enableOTLP: false,
      });
      await DBOS.launch();
      for (const { id } of await activeRuns(context)) {
        await startRun(id);
        await collectNewest(context, id);
        context.bus.changed(id);
      }
    },
    async close() {
      bindWorkflows(null);
      looks.close();
      clientSockets.close();
      operatorSockets.close();
      presence.close();
      io.disconnectSockets(true);
      io.engine.close();
      await DBOS.shutdown();
      await context.background.idle();
    },
  };
}
