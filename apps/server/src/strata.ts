import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { LayerSteps } from './engine/aggregation/layer-steps.ts';
import { driveFree, lookAfterChanges } from './engine/driving.ts';
import { Erasure } from './engine/erasure.ts';
import { GarbageCollection } from './engine/garbage-collection.ts';
import { Leases } from './engine/leases.ts';
import { Watchdog } from './engine/watchdog.ts';
import { holdWorkflows, shutDownWorkflows, startWorkflows } from './engine/workflow.ts';
import { Allowance } from './entry/allowance.ts';
import { joinAddresses } from './entry/join-addresses.ts';
import { Newcomers } from './entry/newcomers.ts';
import { Doorkeeper } from './entry/operators/doorkeeper.ts';
import { OpenId } from './entry/operators/openid/openid.ts';
import { addressCheck } from './entry/own-address.ts';
import { remoteAddress } from './entry/remote-address.ts';
import { serveApi } from './http/api.ts';
import { AnswerLots } from './intake/answer-lots.ts';
import { clientLeft, forgetUnproven, restorePresence } from './intake/clients.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { Alarms } from './live/alarms.ts';
import { Background } from './live/background.ts';
import { Bus } from './live/bus.ts';
import { Measured } from './live/measured.ts';
import { outlast } from './live/outlast.ts';
import { Presence } from './live/presence.ts';
import { Traffic } from './live/traffic.ts';
import { UnderWay } from './live/under-way.ts';
import { Metrics } from './metrics/metrics.ts';
import { createModelSource, type ModelSource, ModelUploads } from './models/index.ts';
import { Node } from './nodes/node.ts';
import { SealedPhases } from './sealed/phases.ts';
import type { Settings } from './settings.ts';
import { ClientSockets } from './sockets/clients.ts';
import { OperatorSockets } from './sockets/operators.ts';
import { createSockets } from './sockets/server.ts';
import { SharedLock } from './store/shared-lock.ts';
import { Standings } from './store/standings.ts';
import type { Store } from './store/store.ts';
import { noTraces, type Traces } from './tracing/traces.ts';
import { EventLog } from './views/event-log.ts';
import { Views } from './views/views.ts';
import { Pasts } from './views/work-queries.ts';

/** What the round engine reads of the settings. */
export type StrataSettings = Pick<
  Settings,
  | 'operatorToken'
  | 'firstToken'
  | 'openId'
  | 'host'
  | 'publicUrl'
  | 'allowedOrigins'
  | 'trustProxy'
  | 'participantsPerAddress'
  | 'clientGraceSeconds'
  | 'maxUpdateBytes'
  | 'dataDir'
  | 'sharedDir'
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
const modelCache = ({ dataDir, sharedDir }: Pick<StrataSettings, 'dataDir' | 'sharedDir'>): string =>
  join(sharedDir ?? dataDir, 'models');

/** The round engine behind an HTTP server: registers routes and sockets on `fastify`. */
export function createStrata(
  store: Pick<Store, 'db' | 'pool' | 'databaseUrl' | 'blobs' | 'node' | 'sharing' | 'space' | 'onBack'>,
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
  traces: Traces = noTraces,
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
  const node = store.sharing && new Node(store, store.sharing, log);
  const bus = new Bus();
  const naming = new SharedLock(store.sharing?.naming);
  const background = new Background(log);
  const closing = new AbortController();
  const events = new EventLog({ db, bus, limits, log });
  const garbage = new GarbageCollection({ db, blobs, naming, background, limits });
  const clientGone = (run: string, client: string) => {
    background.run('recording that a client is gone', { run, client }, () =>
      outlast(async () => {
        // It may have come back while the database was away, or elsewhere.
        if (presence.state(run, client) !== 'left') return;
        if (await node?.neighbours.has(run, client)) return;
        await clientLeft({ db, bus, events }, run, client, 'did not come back in time');
        await forgetUnproven({ db, newcomers }, run, client);
      }, closing.signal),
    );
  };
  const presence = new Presence(limits.graceMs, clientGone, node?.neighbours);
  const sealedPhases = new SealedPhases({ db });
  bus.onDeleted((run) => sealedPhases.forget(run));
  const allowance = new Allowance(limits, node?.tellTaken, node?.tellOpen);
  const newcomers = new Newcomers(limits, node?.tellNewcomer);
  const standings = new Standings({ db });
  const answerLots = new AnswerLots({ db, bus, naming, newcomers, allowance });
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
    measured: new Measured(),
    traces,
    sealedPhases,
    pasts: new Pasts({ db }),
    standings,
    answerLots,
    allowance,
    newcomers,
    doorkeeper: new Doorkeeper({ db }, settings, allowance, log),
    openId: settings.openId && new OpenId(settings.openId, log),
    remoteAddress: remoteAddress(settings.trustProxy, log),
    checkAddress: addressCheck(settings),
    woken: new Set<string>(),
    leases: new Leases({ db }, store.node, node === null),
    limits,
    log,
  };
  const views = new Views(ports);
  const uploads = new ModelUploads(modelCache(settings));
  const looks = lookAfterChanges(ports);
  const watchdog = new Watchdog(ports);
  const erasure = new Erasure(ports);
  store.onBack((awayMs) => watchdog.databaseBack(awayMs));
  const uploadsUnderWay = new UnderWay();
  let started = false;

  const io = createSockets(fastify.server, ports);
  const clientSockets = new ClientSockets(io, ports, views);
  const operatorSockets = new OperatorSockets(io, ports, views);
  const metrics = new Metrics(fastify, {
    ...{ db, space, pool: store.pool, background, events, log },
    sockets: () => ({ clients: clientSockets.count, operators: operatorSockets.count }),
  });
  serveApi(fastify, {
    metrics,
    uploadsUnderWay,
    backups: { dataDir: settings.dataDir, closing: closing.signal },
    ports,
    views,
    uploads,
    remoteAddress: ports.remoteAddress,
    hasStarted: () => started,
    joinAddresses: () => {
      const bound = fastify.server.address();
      return joinAddresses({ ...settings, port: typeof bound === 'object' ? (bound?.port ?? 0) : 0 });
    },
  });

  return {
    async start() {
      await node?.join({
        ...ports,
        renew: () => ports.leases.renew(),
        driveFree: () => driveFree(ports),
        drives: (run) => ports.leases.fenceOf(run) !== null,
        takeOver: (socket, by) => clientSockets.takeOver(socket, by),
        disconnectAll: () => clientSockets.disconnectAll(),
      });
      await restorePresence(ports, store.sharing?.first ?? true);
      await startWorkflows(ports, store);
      await driveFree(ports);
      watchdog.start();
      erasure.start();
      started = true;
    },
    async close() {
      // Balancers send nobody new; who is sending an update ends that, and comes back at a moment of its own (`pace`).
      started = false;
      await uploadsUnderWay.idle(limits.drainMs);
      closing.abort();
      holdWorkflows();
      looks.close();
      // What this server did is another one's from now on.
      if (node) {
        await ports.leases
          .releaseAll()
          .then(() => node.leave())
          .catch((error: unknown) => log.warn({ err: error }, 'other servers were not told of the end'));
      }
      ports.alarms.close();
      await watchdog.close();
      await erasure.close();
      clientSockets.close();
      operatorSockets.close();
      presence.close();
      io.disconnectSockets(true);
      io.engine.close();
      await shutDownWorkflows();
      await background.idle();
      await ports.layerSteps.close();
      await traces.close();
    },
  };
}
