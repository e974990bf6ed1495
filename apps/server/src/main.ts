import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StrataError } from '@strata/fl-core/protocol';
import { errorCode, messageOf } from './failure.ts';
import { createHttp } from './http/create-http.ts';
import { loadSettings, type Settings } from './settings.ts';
import { openStore } from './store/store.ts';
import { createStrata } from './strata.ts';

const repository = fileURLToPath(new URL('../../..', import.meta.url));

const closeLimitMs = 15_000;

/** Says in one line what is wrong and what to do, and ends the process. */
function fail(error: unknown): never {
  console.error(
    error instanceof StrataError ? `${error.message} ${error.hint}` : `Strata: ${messageOf(error)}`,
  );
  process.exit(1);
}

async function serve(settings: Settings): Promise<void> {
  await checkPort(settings).catch((error: unknown) => {
    throw explainAddress(error, settings);
  });
  const fastify = createHttp(settings, {
    // `npm run dev` names another folder: its pages come from elsewhere.
    pages: process.argv[2] ?? join(repository, 'apps/web-client/dist'),
    samples: join(repository, 'samples'),
  });
  const store = await openStore(settings);
  const strata = createStrata(store, settings, fastify);

  let closing = false;
  const close = async () => {
    if (closing) return;
    closing = true;
    // Ending in disorder is safe (a kill -9 is), waiting for ever is not.
    setTimeout(() => fail(new Error('it did not end in time and was cut off.')), closeLimitMs).unref();
    await strata.close();
    await fastify.close();
    await store.close();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => close().catch(fail));
  store.lost.then((error) => closing || fail(error));

  await fastify.listen({ host: settings.host, port: settings.port }).catch(async (error: unknown) => {
    await store.close();
    throw explainAddress(error, settings);
  });
  await strata.start();
  const url = settings.publicUrl ?? addressOf(fastify.server, settings);
  console.log(`
Strata is running. Its data is in ${settings.dataDir}.

  Operator      ${url}/operator#token=${settings.operatorToken}
  Participants  by the join link on a run's page; listed runs also at ${url}/

Keep the operator's address to yourself: it carries the token.`);
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
function addressOf(server: Server, { host, port }: Settings): string {
  const bound = server.address();
  const actual = typeof bound === 'object' && bound !== null ? bound.port : port;
  const shown = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${shown}:${actual}`;
}

try {
  await serve(loadSettings(process.env));
} catch (error) {
  fail(error);
}
