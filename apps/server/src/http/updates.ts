import { Readable } from 'node:stream';
import { Id, Sha256, StrataError, type UpdateReceipt } from '@strata/fl-core/protocol';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { takeUpdate, type UpdatePorts } from '../intake/answers.ts';
import { authenticate } from '../intake/clients.ts';
import { TokenBucket } from '../live/limiter.ts';
import type { SeesPresence } from '../live/presence.ts';
import { workFor } from '../views/work-queries.ts';
import { parse, RoundParams } from './parse.ts';
import { ok } from './reply.ts';

/** Uploads of one client: at most this many at once, and a second in the long run. */
const rate = { burst: 10, perSecond: 0.5 };
/** Clients whose uploads are counted; the oldest are forgotten. */
const counted = 10_000;

const Credentials = z.object({ client: Id, secret: Sha256 });

/** `PUT /runs/:run/rounds/:round/update`: the body goes to disk as it comes, never into memory as a whole. */
export function updateRoutes(parent: FastifyInstance, ports: UpdatePorts & SeesPresence): void {
  const buckets = new Map<string, TokenBucket>();

  const checkRate = (key: string): void => {
    const bucket = buckets.get(key) ?? new TokenBucket(rate.burst, rate.perSecond);
    buckets.delete(key);
    buckets.set(key, bucket);
    for (const oldest of buckets.keys()) {
      if (buckets.size <= counted) break;
      buckets.delete(oldest);
    }
    if (!bucket.take()) {
      throw new StrataError('rate-limited', 'Too many uploads in a short time.', 'Wait a few seconds.');
    }
  };

  parent.register(async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    app.put('/runs/:run/rounds/:round/update', async (request) => {
      const { run, round } = parse(RoundParams, request.params);
      const { client, secret } = credentials(request.headers.authorization);
      await authenticate(ports, run, client, secret);
      checkRate(`${run}/${client}`);
      const body = request.body instanceof Readable ? request.body : Readable.from([]);
      const taken = await takeUpdate(ports, run, round, client, body).catch((error: unknown) => {
        // What is left of a refused body is read and dropped, so that the client hears the answer; the server's
        // request timeout bounds how long.
        body.resume();
        throw error;
      });
      const receipt: UpdateReceipt = { ...taken, work: await workFor(ports, run, client) };
      return ok(receipt);
    });
  });
}

/** From `authorization: Bearer CLIENT.SECRET`. */
function credentials(header: string | undefined): z.infer<typeof Credentials> {
  const [, client, secret] = /^Bearer ([^.\s]+)\.(\S+)$/.exec(header ?? '') ?? [];
  const parsed = Credentials.safeParse({ client, secret });
  if (parsed.success) return parsed.data;
  throw new StrataError(
    'unauthorized',
    'The upload does not say which client it is from.',
    'Send authorization: Bearer CLIENT.SECRET.',
  );
}
