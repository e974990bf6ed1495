import { Id, Sha256 } from '@strata/fl-core/protocol';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';

const Credentials = z.object({ client: Id, secret: Sha256 });

/** What stands behind `Bearer`; null where nothing does. */
export const bearerOf = (request: FastifyRequest): string | null =>
  /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? null;

/** The client that a request says it is from, by `authorization: Bearer CLIENT.SECRET`; null where it says none. */
export function credentialsOf(request: FastifyRequest): z.infer<typeof Credentials> | null {
  const [, client, secret] = /^([^.]+)\.(.+)$/.exec(bearerOf(request) ?? '') ?? [];
  return Credentials.safeParse({ client, secret }).data ?? null;
}
