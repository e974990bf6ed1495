import { csrfHeader, Id, type Role, Sha256 } from '@strata/fl-core/protocol';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { sessionCookie } from '../entry/operators/cookie.ts';
import type { HasDoorkeeper } from '../entry/operators/doorkeeper.ts';
import type { Operator } from '../entry/operators/operator.ts';
import type { RemoteAddress } from '../entry/remote-address.ts';

const Credentials = z.object({ client: Id, secret: Sha256 });

/** What stands behind `Bearer`; null where nothing does. */
export const bearerOf = (request: FastifyRequest): string | null =>
  /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? null;

/** The client that a request says it is from, by `authorization: Bearer CLIENT.SECRET`; null where it says none. */
export function credentialsOf(request: FastifyRequest): z.infer<typeof Credentials> | null {
  const [, client, secret] = /^([^.]+)\.(.+)$/.exec(bearerOf(request) ?? '') ?? [];
  return Credentials.safeParse({ client, secret }).data ?? null;
}

/** Lets who has a role pass. */
export type Admit = (request: FastifyRequest, needs: Role) => Promise<Operator>;

/**
 * Lets a request pass that brings a token, or the cookie of a session and, to change something, its value in the header.
 * @throws {StrataError} `unauthorized`, `forbidden`, `rate-limited`
 */
export const admitBy =
  ({ doorkeeper, remoteAddress }: HasDoorkeeper & { readonly remoteAddress: RemoteAddress }): Admit =>
  async (request, needs) => {
    const credentials = { bearer: bearerOf(request), cookie: sessionCookie(request.headers) };
    const operator = await doorkeeper.admit(credentials, needs, remoteAddress(request.raw));
    const csrf = request.headers[csrfHeader];
    if (request.method !== 'GET') {
      doorkeeper.checkCsrf(credentials, typeof csrf === 'string' ? csrf : undefined);
    }
    return operator;
  };
