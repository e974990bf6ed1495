import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { routes } from '@strata/fl-core/protocol';
import { createLogger, createServer, type Plugin, type ViteDevServer } from 'vite';
import { pageRoutes } from '../../apps/server/src/http/pages.ts';
import {
  headersOfAll,
  joinPermissions,
  newNonce,
  pagePolicy,
  workerPolicy,
} from '../../apps/server/src/http/security.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const webClient = join(repository, 'apps/web-client');
const placeholder = '__CSP_NONCE__';

/** What the server answers, pages apart: the first part of each route's path, and the samples. */
const ofServer = [
  ...new Set(Object.values(routes).map(({ path }) => path.replace(/^(\/[^/]+\/?).*$/, '$1'))),
  '/samples/',
];

const patterns = pageRoutes.map(
  (route) => new RegExp(`^${route.replace(/:\w+/g, '[^/]+').replace('*', '.*')}$`),
);

/**
 * The policy of production, and one thing more: the inline script by which React's hot reload starts may run,
 * named by the page's nonce. Vite's own styles and modules carry the nonce or come from here, and its socket is
 * one to here, so that nothing else is let in.
 */
export const devPagePolicy = (nonce: string): string =>
  pagePolicy(nonce).replace("script-src 'self'", `script-src 'self' 'nonce-${nonce}'`);

/** Serves index.html with its nonce and policy, and every other file under the workers' policy, as the server does. */
const underPolicy: Plugin = {
  name: 'strata-pages-under-policy',
  configureServer(vite) {
    vite.middlewares.use((request, response, next) => {
      for (const [name, value] of Object.entries(headersOfAll)) response.setHeader(name, value);
      response.setHeader('content-security-policy', workerPolicy);
      const url = request.url ?? '/';
      const path = url.replace(/[?#].*/, '');
      const reads = request.method === 'GET' || request.method === 'HEAD';
      if (!reads || !patterns.some((pattern) => pattern.test(path))) return next();
      const nonce = newNonce();
      readFile(join(webClient, 'index.html'), 'utf8')
        .then((html) => vite.transformIndexHtml(url, html))
        .then((html) => {
          if (path.startsWith('/join/')) response.setHeader('permissions-policy', joinPermissions);
          response.setHeader('content-security-policy', devPagePolicy(nonce));
          response.setHeader('cache-control', 'no-cache');
          response.setHeader('content-type', 'text/html; charset=utf-8');
          response.end(html.replaceAll(placeholder, nonce));
        })
        .catch(next);
    });
  },
};

/** While the server starts again, nobody answers: that is nothing to report, and the server says what stops it. */
function quietLogger() {
  const logger = createLogger('warn');
  const { error } = logger;
  logger.error = (message, options) => {
    if (!message.includes('proxy')) error(message, options);
  };
  return logger;
}

export interface PagesOptions {
  readonly host: string;
  readonly port: number;
  /** Address of the server behind the pages. */
  readonly server: string;
  /** Folder of what Vite bundled beforehand. */
  readonly cacheDir?: string;
}

/** The pages by Vite, with hot reload; what is the server's goes on to it, its sockets too. */
export async function servePagesByVite({
  host,
  port,
  server,
  cacheDir = join(repository, 'node_modules/.vite/pages'),
}: PagesOptions): Promise<ViteDevServer> {
  const vite = await createServer({
    configFile: join(repository, 'vite.config.ts'),
    mode: 'development',
    cacheDir,
    customLogger: quietLogger(),
    appType: 'custom',
    plugins: [underPolicy],
    html: { cspNonce: placeholder },
    // What the pages and the workers import is bundled before the first of them asks: a late find reloads the page.
    optimizeDeps: { entries: ['index.html', 'src/shell/Routes.tsx', 'src/{client,bench}/worker.ts'] },
    server: {
      host,
      port,
      strictPort: true,
      cors: false,
      proxy: {
        ...Object.fromEntries(ofServer.map((path) => [path, { target: server }])),
        '/socket.io/': { target: server, ws: true },
      },
    },
  });
  return vite.listen();
}
