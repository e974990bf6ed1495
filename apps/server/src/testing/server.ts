import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Caller } from '@strata/client';
import { initialLayer, specOf } from '@strata/fl-core/models/layouts';
import {
  encodeSafetensors,
  type RoundDetail,
  type RunCommand,
  type RunConfigInput,
  type RunEvent,
  type RunView,
  routes,
} from '@strata/fl-core/protocol';
import { layoutFor } from '@strata/fl-core/rounds';
import { testConfig } from '@strata/fl-core/rounds/testing';
import Fastify, { type FastifyLoggerOptions } from 'fastify';
import pg from 'pg';
import type { OpenIdSettings } from '../entry/operators/openid/settings.ts';
import { addressCheck } from '../entry/own-address.ts';
import { answerErrors } from '../http/reply.ts';
import { refuseForeign } from '../http/security.ts';
import type { Limits } from '../limits.ts';
import type { ModelSource } from '../models/index.ts';
import type { BlobStore } from '../store/blobs.ts';
import { type Bucket, openStore, type Store } from '../store/store.ts';
import { copiedDataDir } from '../store/testing.ts';
import { createStrata } from '../strata.ts';
import { otlpTraces } from '../tracing/otlp.ts';
import { TestClient, type TestClientOptions } from './client.ts';

export const operatorToken = 'a-token-for-tests-only';
const settings = {
  operatorToken,
  firstToken: null,
  openId: null,
  clientGraceSeconds: 1,
  maxUpdateBytes: 2 ** 20,
  modelsDir: null,
  deitTinyPin: null,
  hubUrl: null,
  importPrivate: false,
  host: '127.0.0.1',
  publicUrl: null,
  allowedOrigins: [],
  // Hostile clients of tests come from where they say.
  trustProxy: ['loopback'],
  participantsPerAddress: 600,
};

/** Models with random weights from the run's seed. */
export function randomModels(blobs: BlobStore): ModelSource {
  return {
    resolve: async (model) => model,
    availability: async () => ({ availability: 'ready', note: '' }),
    load: async (config) => {
      const layout = layoutFor(config);
      const layers: Awaited<ReturnType<ModelSource['load']>>['layers'] = {};
      for (const { name } of layout.layers) {
        const tensors = initialLayer(specOf(config), layout, name, config.seed);
        layers[name] = await blobs.put(encodeSafetensors(tensors));
      }
      return { layers, assets: {} };
    },
  };
}

export { testConfig };

/**
 * An empty database on the PostgreSQL server at STRATA_TEST_POSTGRES; null without that variable: the tests then
 * use the embedded database.
 */
export async function freshDatabase(): Promise<{ url: string; drop(): Promise<void> } | null> {
  const server = process.env.STRATA_TEST_POSTGRES;
  if (!server) return null;
  const name = `strata_test_${randomBytes(6).toString('hex')}`;
  const run = async (sql: string): Promise<void> => {
    const client = new pg.Client({ connectionString: server });
    await client.connect();
    await client.query(sql);
    await client.end();
  };
  await run(`create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => run(`drop database if exists ${name} with (force)`) };
}

export interface Place {
  readonly dataDir: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Null: the embedded database. */
  readonly databaseUrl: string | null;
  /** Null: it has the database to itself. */
  readonly sharedDir?: string | null;
  /** Null: blobs are in a folder. */
  readonly bucket?: Bucket | null;
  /** By whom operators may sign in; null: by nobody. */
  readonly openId?: OpenIdSettings | null;
}

/** Where the models of a server come from, given its blobs and its folder. */
type ModelsOf = (blobs: BlobStore, dataDir: string) => ModelSource;

/** The round engine behind a bare HTTP server: all but the pages. */
export async function serve(
  { dataDir, port, databaseUrl, sharedDir = null, bucket = null, openId = null }: Place,
  limits: Partial<Limits> = {},
  modelsOf: ModelsOf = randomModels,
  log: FastifyLoggerOptions = { level: process.env.LOG_LEVEL ?? 'fatal' },
): Promise<{ url: string; store: Store; close(): Promise<void> }> {
  const store = await openStore({ dataDir, databaseUrl, sharedDir, bucket });
  const fastify = Fastify({
    logger: log,
    forceCloseConnections: true, // as in the product
  });
  answerErrors(fastify);
  refuseForeign(fastify, addressCheck(settings));
  const models = modelsOf(store.blobs, dataDir);
  const endpoint = process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  const traces = endpoint ? await otlpTraces({ endpoint, node: store.node, log: fastify.log }) : undefined;
  const strata = createStrata(
    store,
    { ...settings, dataDir, sharedDir, openId, limits },
    fastify,
    models,
    traces,
  );
  const url = await fastify.listen({ port, host: '127.0.0.1' });
  await strata.start();
  return {
    url,
    store,
    close: async () => {
      await strata.close();
      await fastify.close();
      await store.close();
    },
  };
}

/** Our migrations, by their content: DBOS's are added to what is there. */
function migrationsHash(): string {
  const folder = new URL('../store/migrations/', import.meta.url);
  const hash = createHash('sha256');
  for (const file of readdirSync(folder).sort())
    if (file.endsWith('.sql')) hash.update(readFileSync(new URL(file, folder)));
  return hash.digest('hex').slice(0, 16);
}

/** A new data folder of a server that was started once: two dozen migrations, ours and DBOS's, are behind it. */
export const usedDataDir = (): Promise<string> =>
  copiedDataDir(`used-${migrationsHash()}`, async (dataDir) => {
    const { close } = await serve({ dataDir, port: 0, databaseUrl: null });
    await close();
  });

/** A whole server on a free port, over the embedded database in a folder of its own. */
export class TestServer {
  readonly url: string;
  readonly store: Store;
  readonly dataDir: string;
  /** Calls with the operator's token. */
  readonly operator: Caller;
  readonly #close: () => Promise<void>;
  readonly #clients: TestClient[] = [];
  readonly #keys = new Map<string, string>();

  private constructor(url: string, dataDir: string, store: Store, close: () => Promise<void>) {
    this.url = url;
    this.store = store;
    this.dataDir = dataDir;
    this.operator = operatorOf(url);
    this.#close = close;
  }

  static async start(
    limits: Partial<Limits> = {},
    modelsOf?: ModelsOf,
    log?: FastifyLoggerOptions,
  ): Promise<TestServer> {
    const dataDir = await usedDataDir();
    const database = await freshDatabase();
    const { url, store, close } = await serve(
      { dataDir, port: 0, databaseUrl: database?.url ?? null },
      limits,
      modelsOf,
      log,
    );
    return new TestServer(url, dataDir, store, async () => {
      await close();
      await database?.drop();
      await rm(dataDir, { recursive: true, force: true });
    });
  }

  async close(): Promise<void> {
    this.dropClients();
    await this.#close();
  }

  /** A participant with the join link of a run that was made by {@link createRun}, unless it brings another key. */
  client(options: Omit<TestClientOptions, 'url' | 'key'> & { readonly key?: string | null }): TestClient {
    const key = this.#keys.get(options.run) ?? null;
    const client = new TestClient({ url: this.url, key, ...options });
    this.#clients.push(client);
    return client;
  }

  dropClients(): void {
    for (const client of this.#clients.splice(0)) client.drop();
  }

  async createRun(body: RunConfigInput): Promise<RunView> {
    const view = await this.operator.call(routes.createRun, { body });
    this.#keys.set(view.id, view.joinKey);
    return view;
  }

  command(run: string, command: RunCommand['command']): Promise<RunView> {
    return this.operator.call(routes.commandRun, { params: { run }, body: { command } });
  }

  view(run: string): Promise<RunView> {
    return this.operator.call(routes.run, { params: { run } });
  }

  round(run: string, round: number): Promise<RoundDetail> {
    return this.operator.call(routes.round, { params: { run, round } });
  }

  events(run: string): Promise<RunEvent[]> {
    return this.operator.call(routes.events, { params: { run }, query: { limit: 1000 } });
  }

  /** Polls the run's view until `test` holds. */
  until(run: string, test: (view: RunView) => boolean, what: string, timeoutMs = 60_000): Promise<RunView> {
    return untilRun(this.url, run, test, what, timeoutMs);
  }
}

/** Calls to the server at `url` with the operator's token. */
export const operatorOf = (url: string): Caller => new Caller({ server: url, token: () => operatorToken });

export async function untilRun(
  url: string,
  run: string,
  test: (view: RunView) => boolean,
  what: string,
  timeoutMs = 60_000,
): Promise<RunView> {
  const operator = operatorOf(url);
  const end = Date.now() + timeoutMs;
  for (;;) {
    const view = await operator.call(routes.run, { params: { run } });
    if (test(view)) return view;
    if (Date.now() > end) {
      const { state, rounds, reason } = view;
      throw new Error(`waited in vain for ${what}: ${JSON.stringify({ state, reason, rounds }, null, 1)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
