import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import { routes, StrataError } from '@strata/fl-core/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { joinPermissions, newNonce, pagePolicy, workerPolicy } from './security.ts';

export interface PageFolders {
  /** What Vite built: index.html and assets/. */
  readonly pages: string;
  /** The built-in data. */
  readonly samples: string;
}

const placeholder = '__CSP_NONCE__';
/** Routes of the single-page application (apps/web-client/src/shell/Routes.tsx). */
export const pageRoutes = ['/', '/bench', '/join/:run', '/operator', '/operator/*'];

/** Where programs ask, by the first part of a path: an answer is theirs to read, whatever they say they take. */
const forPrograms: ReadonlySet<string | undefined> = new Set([
  ...Object.values(routes).map(({ path }) => path.split('/')[1]),
  'assets',
  'samples',
  'socket.io',
]);

/** Whether somebody's browser asks for a page, and not a program for an answer. */
const asksForPage = ({ method, url, headers }: FastifyRequest): boolean =>
  method === 'GET' && (headers.accept ?? '').includes('text/html') && !forPrograms.has(url.split(/[/?#]/)[1]);

/**
 * Serves the pages, their assets and the samples; at an address where nothing is, a browser gets the page that says so.
 * @throws {StrataError} `unavailable` when the pages were not built.
 */
export function servePages(app: FastifyInstance, folders: PageFolders): void {
  const html = readIndex(folders.pages);
  for (const route of pageRoutes) {
    app.get(route, (_request, reply) => {
      if (route === '/join/:run') reply.header('permissions-policy', joinPermissions);
      return sendPage(reply, html);
    });
  }
  app.setNotFoundHandler((request, reply) => {
    reply.code(404);
    return asksForPage(request) ? sendPage(reply, html) : reply.send(nothingAt(request));
  });
  app.register(fastifyStatic, {
    root: folders.pages,
    index: false,
    wildcard: false,
    // The page only with its nonce, by the routes above; the compressed forms in place of what they are of.
    globIgnore: ['index.html', '**/*.br', '**/*.gz'],
    preCompressed: true,
    cacheControl: false, // set below
    // Vite puts a hash of the content into the names below assets/.
    setHeaders: (response, path) => {
      const hashed = path.startsWith(join(folders.pages, 'assets'));
      response.setHeader('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
      response.setHeader('content-security-policy', workerPolicy);
      response.setHeader('vary', 'accept-encoding');
    },
  });
  app.register(fastifyStatic, {
    root: folders.samples,
    prefix: '/samples/',
    decorateReply: false,
    index: false,
    allowedPath: (path) => !path.startsWith('/scripts') && /\.(png|json|csv|txt|md)$/.test(path),
    maxAge: '1d',
  });
}

/** The application, which finds by the address what it shows. */
function sendPage(reply: FastifyReply, html: string): FastifyReply {
  const nonce = newNonce();
  return reply
    .header('content-security-policy', pagePolicy(nonce))
    .header('cache-control', 'no-cache')
    .type('text/html; charset=utf-8')
    .send(html.replace(placeholder, nonce));
}

const nothingAt = ({ method, url }: FastifyRequest) => ({
  ok: false,
  error: {
    code: 'bad-request',
    message: `There is nothing at ${method} ${url.slice(0, 200)}.`,
    hint: 'The README lists the pages.',
  },
});

function readIndex(folder: string): string {
  try {
    const html = readFileSync(join(folder, 'index.html'), 'utf8');
    if (html.includes(placeholder)) return html;
    throw new StrataError(
      'unavailable',
      `${folder}/index.html has no nonce placeholder.`,
      'Build the pages again.',
    );
  } catch (error) {
    if (error instanceof StrataError) throw error;
    throw new StrataError('unavailable', `The pages are not built (${folder}).`, 'Start with "npm start".', {
      cause: error,
    });
  }
}
