import { StrataError, updateSignatureHeader } from '@strata/fl-core/protocol';
import type { HasAllowance } from '../entry/allowance.ts';
import { takeUpdate, type UpdatePorts } from '../intake/answers.ts';
import { authenticated } from '../intake/clients.ts';
import { signatureOf } from '../intake/signatures.ts';
import type { UnderWay } from '../live/under-way.ts';
import { credentialsOf } from './credentials.ts';
import type { RouteHandlers } from './serve-routes.ts';

/**
 * The body goes to disk as it comes, never into memory as a whole. A client has one upload under way: a newer one takes
 * the place of the older, whose connection it has most likely lost.
 */
export function update(ports: UpdatePorts & HasAllowance, uploads: UnderWay): RouteHandlers['update'] {
  /** Ends what a client has under way, by run and client. */
  const underWay = new Map<string, () => void>();
  return async ({ params: { run, round }, body, request }) => {
    const credentials = credentialsOf(request);
    if (credentials === null) {
      throw new StrataError(
        'unauthorized',
        'The upload does not say which client it is from.',
        'Send authorization: Bearer CLIENT.SECRET.',
      );
    }
    const { client, secret } = credentials;
    const standing = await ports.standings.of(run, client);
    authenticated(standing.client, run, client, secret);
    ports.allowance.upload(run, client);
    const header = request.headers[updateSignatureHeader];
    const signature = signatureOf(typeof header === 'string' ? header : null);
    const key = `${run}/${client}`;
    const end = () => {
      body.destroy(replaced());
    };
    underWay.get(key)?.();
    underWay.set(key, end);
    try {
      return await uploads.count(takeUpdate(ports, standing, round, client, body, signature));
    } finally {
      // One that was replaced must not forget the one that replaced it.
      if (underWay.get(key) === end) underWay.delete(key);
    }
  };
}

const replaced = () =>
  new StrataError(
    'wrong-state',
    'A newer upload of the same participant takes the place of this one.',
    'Send one update at a time.',
  );
