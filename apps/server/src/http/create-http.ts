import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { type AddressSettings, addressCheck } from '../entry/own-address.ts';
import { remoteAddress } from '../entry/remote-address.ts';
import type { Settings } from '../settings.ts';
import { type PageFolders, servePages } from './pages.ts';
import { answerErrors } from './reply.ts';
import { refuseForeign, secureHeaders } from './security.ts';

/** Largest JSON body; the data plane's bodies are streams with limits of their own. */
const bodyLimit = 1_000_000;
/** How often Node looks for requests that take too long. */
const timeoutCheckMs = 5_000;
const headersTimeoutMs = 60_000;

/** The HTTP server with the pages on it; the round engine adds its routes (`createStrata`). */
export function createHttp(
  settings: Pick<Settings, 'logLevel' | 'uploadTimeoutSeconds' | 'trustProxy'> & AddressSettings,
  folders: PageFolders,
): FastifyInstance {
  const requestTimeout = settings.uploadTimeoutSeconds * 1000;
  const app = Fastify({
    logger: { level: settings.logLevel, stream: process.stderr, serializers: { req: described(settings) } },
    bodyLimit,
    // Who sends a byte a minute does not hold a connection for ever.
    requestTimeout,
    http: {
      connectionsCheckingInterval: timeoutCheckMs,
      // Node swaps the two limits when the one for the headers is the longer.
      headersTimeout: Math.min(headersTimeoutMs, requestTimeout),
      requestTimeout,
    },
    connectionTimeout: 0,
    forceCloseConnections: true,
    return503OnClosing: true,
  });
  secureHeaders(app);
  answerErrors(app);
  refuseForeign(app, addressCheck(settings));
  servePages(app, folders);
  return app;
}

/** A request as the log has it: without its query, where somebody may have written a token. */
function described({ trustProxy }: Pick<Settings, 'trustProxy'>) {
  const addressOf = remoteAddress(trustProxy, { warn: () => {} });
  return ({ method, url, headers, raw }: FastifyRequest) => ({
    method,
    url: url.replace(/[?#].*$/s, '?...'),
    host: headers.host ?? '',
    remoteAddress: addressOf(raw),
  });
}
