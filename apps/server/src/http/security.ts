import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { AddressCheck } from '../entry/own-address.ts';

/**
 * The content-security policy of the pages: nothing inline, nothing from elsewhere. Styles made at run time
 * carry the page's nonce.
 */
export function pagePolicy(nonce: string): string {
  return policy({
    'script-src': "'self' 'wasm-unsafe-eval'",
    'style-src': `'self' 'nonce-${nonce}'`,
    'worker-src': "'self'",
    'connect-src': "'self'",
    'img-src': "'self' data: blob:",
    'font-src': "'self'",
  });
}

/**
 * The policy of the training worker, which has one of its own (a worker is governed by the headers of its
 * script, not by the page): tfjs's wasm backend compiles WebAssembly and starts its threads from blob URLs,
 * whose first act is to import another blob.
 */
export const workerPolicy = policy({
  'script-src': "'self' blob: 'wasm-unsafe-eval'",
  'worker-src': "'self' blob:",
  'connect-src': "'self'",
});

function policy(directives: Readonly<Record<string, string>>): string {
  const all = {
    'default-src': "'none'",
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
    ...directives,
  };
  return Object.entries(all)
    .map(([name, value]) => `${name} ${value}`)
    .join('; ');
}

export const newNonce = (): string => randomBytes(16).toString('base64');

/** What a page may ask the person for: participants may show things to their camera, and that is all. */
export const joinPermissions = 'camera=(self), microphone=(), geolocation=()';

/** Headers of every answer. Cross-origin isolation (COOP, COEP) is what gives wasm its threads. */
export const headersOfAll = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
} as const;

export function secureHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(headersOfAll);
  });
}

/** Refuses requests to names that are not the server's own, and of pages of other sites; see {@link AddressCheck}. */
export function refuseForeign(app: FastifyInstance, checkAddress: AddressCheck): void {
  app.addHook('onRequest', async (request) => checkAddress(request.headers));
}
