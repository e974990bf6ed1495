import { Id, Sha256, StrataError } from '@strata/fl-core/protocol';
import { z } from 'zod';
import { takeUpdate, type UpdatePorts } from '../intake/answers.ts';
import { authenticate } from '../intake/clients.ts';
import { TokenBucket } from '../live/limiter.ts';
import type { RouteHandlers } from './serve-routes.ts';

/** Uploads of one client: at most this many at once, and a second in the long run. */
const rate = { burst: 10, perSecond: 0.5 };
/** Clients whose uploads are counted; the oldest are forgotten. */
const counted = 10_000;

const Credentials = z.object({ client: Id, secret: Sha256 });

/** The body goes to disk as it comes, never into memory as a whole. */
export function update(ports: UpdatePorts): RouteHandlers['update'] {
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

  return async ({ params: { run, round }, body, request }) => {
    const { client, secret } = credentials(request.headers.authorization);
    await authenticate(ports, run, client, secret);
    checkRate(`${run}/${client}`);
    return takeUpdate(ports, run, round, client, body);
  };
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
