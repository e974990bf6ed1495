import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StrataError } from '@strata/fl-core/protocol';
import { addressLines } from './entry/join-addresses.ts';
import { hasAccounts } from './entry/operators/accounts.ts';
import { errorCode, messageOf } from './failure.ts';
import { createHttp } from './http/create-http.ts';
import { keepPrivate } from './private-folder.ts';
import { loadSettings, type Settings } from './settings.ts';
import { openStore } from './store/store.ts';
import { createStrata } from './strata.ts';
import { otlpTraces } from './tracing/otlp.ts';
import { noTraces } from './tracing/traces.ts';

const repository = fileURLToPath(new URL('../../..', import.meta.url));

/** Longer than uploads are waited for, shorter than the 30 s that Kubernetes gives. */
const closeLimitMs = 25_000;

/** Says in one line what is wrong and what to do, and ends the process. */
function fail(error: unknown): never {
  console.error(
    error instanceof StrataError ? `${error.message} ${error.hint}` : `Strata: ${messageOf(error)}`,
  );
  process.exit(1);
}

/** Thrown between two parts of a start that was told to end. */
class Ended extends Error {}

async function serve(settings: Settings): Promise<void> {
  /** What ends the parts that have begun, the first last. */
  const ends: (() => Promise<void>)[] = [];
  let ending = false;
  const started = start(settings, ends, () => ending);

  const end = async () => {
    if (ending) return;
    ending = true;
    // A database that is still being made or opened is left as a kill -9 leaves it, which takes no waiting.
    if (ends.length === 0) process.exit(0);
    // Ending in disorder is safe (a kill -9 is), waiting for ever is not.
    setTimeout(() => fail(new Error('it did not end in time and was cut off.')), closeLimitMs).unref();
    // A part that is about to begin is not pulled from under itself.
    await started.catch(() => {});
    for (const part of ends.reverse()) await part();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => end().catch(fail));
  await started.catch((error: unknown) => ending || fail(error));
}

/** Begins part after part until the server runs. */
async function start(
  settings: Settings,
  ends: (() => Promise<void>)[],
  isEnding: () => boolean,
): Promise<void> {
  const unlessEnding = () => {
    if (isEnding()) throw new Ended();
  };
  await checkPort(settings).catch((error: unknown) => {
    throw explainAddress(error, settings);
  });
  const fastify = createHttp(settings, {
    // `npm run dev` names another folder: its pages come from elsewhere.
    pages: process.argv[2] ?? join(repository, 'apps/web-client/dist'),
    samples: join(repository, 'samples'),
  });
  for (const mended of [
    await keepPrivate(settings.dataDir),
    settings.sharedDir === null ? null : await keepPrivate(settings.sharedDir, 'SHARED_DIR'),
  ]) {
    if (mended !== null) console.warn(mended);
  }
  unlessEnding();
  const store = await openStore(settings);
  ends.push(() => store.close());
  store.lost.then((error) => isEnding() || fail(error));
  unlessEnding();
  const { tracesEndpoint: endpoint } = settings;
  const traces =
    endpoint === null ? noTraces : await otlpTraces({ endpoint, node: store.node, log: fastify.log });
  const strata = createStrata(store, settings, fastify, undefined, traces);
  ends.push(() => fastify.close());
  await fastify.listen({ host: settings.host, port: settings.port }).catch(async (error: unknown) => {
    await store.close();
    throw explainAddress(error, settings);
  });
  ends.push(() => strata.close());
  unlessEnding();
  await strata.start();
  unlessEnding();
  const url = settings.publicUrl ?? addressOf(fastify.server, settings);
  const first = settings.firstToken !== null && !(await hasAccounts(store.db)) ? settings.firstToken : null;
  unlessEnding();
  console.log(`
Strata is running. Its data is in ${settings.dataDir}.

  Operator      ${url}/operator${first === null ? '' : `#token=${first}`}
  Participants  by the join link on a run's page; listed runs also at ${url}/
${addressLines({ ...settings, port: portOf(fastify.server, settings) })
  .map((line) => `\n${line}`)
  .join('')}
${
  first === null
    ? 'Operators log in with their accounts; programs bring a token.'
    : 'The operator’s address makes the first account of this server: open it now, and keep it to yourself until then.'
}`);
}

/** Throws if the port cannot be had: better said before the database is opened than after. */
async function checkPort({ host, port }: Settings): Promise<void> {
  const probe = createServer().listen(port, host);
  await once(probe, 'listening');
  probe.close();
  await once(probe, 'close');
}

/** Says what to do about an address that cannot be had. */
function explainAddress(error: unknown, { host, port }: Settings): unknown {
  switch (errorCode(error)) {
    case 'EADDRINUSE':
      return new StrataError('bad-config', `Port ${port} is taken.`, 'Set PORT to another one.', {
        cause: error,
      });
    case 'EADDRNOTAVAIL':
    case 'EACCES':
    case 'ENOTFOUND':
      return new StrataError('bad-config', `Cannot listen on ${host}:${port}.`, 'Set HOST or PORT.', {
        cause: error,
      });
    default:
      return error;
  }
}

/** The address for people of the server that listens. */
function addressOf(server: Server, settings: Settings): string {
  const { host } = settings;
  const shown = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${shown}:${portOf(server, settings)}`;
}

/** The port that is taken, where the settings leave it open. */
function portOf(server: Server, { port }: Settings): number {
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : port;
}

// Whatever this process and its threads create is for its user alone.
process.umask(0o077);
try {
  await serve(loadSettings(process.env));
} catch (error) {
  fail(error);
}
