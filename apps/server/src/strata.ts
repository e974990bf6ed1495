import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { LayerSteps } from './engine/aggregation/layer-steps.ts';
import { GarbageCollection } from './engine/garbage-collection.ts';
import { Watchdog } from './engine/watchdog.ts';
import { holdWorkflows, lookAfterChanges, shutDownWorkflows, startWorkflows } from './engine/workflow.ts';
import { Allowance } from './entry/allowance.ts';
import { joinAddresses } from './entry/join-addresses.ts';
import { Newcomers } from './entry/newcomers.ts';
import { OperatorGuard } from './entry/operator-guard.ts';
import { addressCheck } from './entry/own-address.ts';
import { remoteAddress } from './entry/remote-address.ts';
import { serveApi } from './http/api.ts';
import { clientLeft, forgetUnproven, restorePresence } from './intake/clients.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { Alarms } from './live/alarms.ts';
import { Background } from './live/background.ts';
import { Bus } from './live/bus.ts';
import { outlast } from './live/outlast.ts';
import { Presence } from './live/presence.ts';
import { Traffic } from './live/traffic.ts';
import { createModelSource, type ModelSource, ModelUploads } from './models/index.ts';
import type { Settings } from './settings.ts';
import { ClientSockets } from './sockets/clients.ts';
import { OperatorSockets } from './sockets/operators.ts';
import { createSockets } from './sockets/server.ts';
import { SharedLock } from './store/shared-lock.ts';
import type { Store } from './store/store.ts';
import { EventLog } from './views/event-log.ts';
import { Views } from './views/views.ts';

/** What the round engine reads of the settings. */
export type StrataSettings = Pick<
  Settings,
  | 'operatorToken'
  | 'host'
  | 'publicUrl'
  | 'allowedOrigins'
  | 'trustProxy'
  | 'participantsPerAddress'
  | 'clientGraceSeconds'
  | 'maxUpdateBytes'
  | 'dataDir'
  | 'modelsDir'
  | 'deitTinyPin'
  | 'hubUrl'
  | 'importPrivate'
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
  store: Pick<Store, 'db' | 'pool' | 'databaseUrl' | 'blobs' | 'space' | 'onBack'>,
  settings: StrataSettings,
  fastify: FastifyInstance,
  models: ModelSource = createModelSource({
    modelsDir: settings.modelsDir,
    cacheDir: modelCache(settings),
    deitTinyPin: settings.deitTinyPin,
    hubUrl: settings.hubUrl ?? undefined,
    privateAllowed: settings.importPrivate,
    blobs: store.blobs,
  }),
): Strata {
  const limits: Limits = {
    ...defaultLimits,
    graceMs: settings.clientGraceSeconds * 1000,
    updateBytes: settings.maxUpdateBytes,
    participantsPerAddress: settings.participantsPerAddress,
    ...settings.limits,
  };
  const { db, blobs, space } = store;
  const { log } = fastify;
  const bus = new Bus();
  const naming = new SharedLock();
  const background = new Background(log);
  const closing = new AbortController();
  const events = new EventLog({ db, bus, limits });
  const garbage = new GarbageCollection({ db, blobs, naming, background, limits });
  const presence = new Presence(limits.graceMs, (run, client) => {
    background.run(`recording that ${client} is gone`, () =>
      outlast(async () => {
        // It may have come back while the database was away.
        if (presence.state(run, client) !== 'left') return;
        await clientLeft({ db, bus, events }, run, client, 'did not come back in time');
        await forgetUnproven({ db, newcomers }, run, client);
      }, closing.signal),
    );
  });
  const allowance = new Allowance(limits);
  const newcomers = new Newcomers(limits);
  const ports = {
    db,
    blobs,
    space,
    naming,
    models,
    bus,
    presence,
    traffic: new Traffic(),
    background,
    events,
    garbage,
    alarms: new Alarms((run) => bus.changed(run)),
    layerSteps: new LayerSteps(),
    allowance,
    newcomers,
    guard: new OperatorGuard(settings.operatorToken, allowance, log),
    remoteAddress: remoteAddress(settings.trustProxy, log),
    checkAddress: addressCheck(settings),
    woken: new Set<string>(),
    limits,
    log,
  };
  const views = new Views(ports);
  const uploads = new ModelUploads(modelCache(settings));
  const looks = lookAfterChanges(ports);
  const watchdog = new Watchdog(ports);
  store.onBack((awayMs) => watchdog.databaseBack(awayMs));
  let started = false;

  const io = createSockets(fastify.server, ports);
  const clientSockets = new ClientSockets(io, ports, views);
  const operatorSockets = new OperatorSockets(io, ports, views);
  const { guard } = ports;
  serveApi(fastify, {
    ports,
    views,
    uploads,
    guard,
    remoteAddress: ports.remoteAddress,
    hasStarted: () => started,
    joinAddresses: () => {
      const bound = fastify.server.address();
      return joinAddresses({ ...settings, port: typeof bound === 'object' ? (bound?.port ?? 0) : 0 });
    },
  });

  return {
    async start() {
      await restorePresence(ports);
      await startWorkflows(ports, store);
      watchdog.start();
      started = true;
    },
    async close() {
      started = false;
      closing.abort();
      holdWorkflows();
      looks.close();
      ports.alarms.close();
      await watchdog.close();
      clientSockets.close();
      operatorSockets.close();
      presence.close();
      io.disconnectSockets(true);
      io.engine.close();
      await shutDownWorkflows();
      await background.idle();
      await ports.layerSteps.close();
    },
  };
}
