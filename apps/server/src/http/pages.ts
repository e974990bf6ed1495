import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import { StrataError } from '@strata/fl-core/protocol';
import type { FastifyInstance } from 'fastify';
import { joinPermissions, newNonce, pagePolicy, workerPolicy } from './security.ts';

export interface PageFolders {
  /** What Vite built: index.html and assets/. */
  readonly pages: string;
  /** The built-in data. */
  readonly samples: string;
}

const placeholder = '__CSP_NONCE__';
/** Routes of the single-page application (apps/web-client/src/app/Routes.tsx). */
export const pageRoutes = ['/', '/bench', '/join/:run', '/operator', '/operator/*'];

/** Serves the pages, their assets and the samples. Throws `unavailable` when the pages were not built. */
export function servePages(app: FastifyInstance, folders: PageFolders): void {
  const html = readIndex(folders.pages);
  for (const route of pageRoutes) {
    app.get(route, (_request, reply) => {
      const nonce = newNonce();
      if (route === '/join/:run') reply.header('permissions-policy', joinPermissions);
      return reply
        .header('content-security-policy', pagePolicy(nonce))
        .header('cache-control', 'no-cache')
        .type('text/html; charset=utf-8')
        .send(html.replace(placeholder, nonce));
    });
  }
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
