import { StrataError } from '@strata/fl-core/protocol';
import { takeUpdate, type UpdatePorts } from '../intake/answers.ts';
import { authenticate } from '../intake/clients.ts';
import { Replaceable } from '../live/replaceable.ts';
import { credentialsOf } from './credentials.ts';
import type { RouteHandlers } from './serve-routes.ts';

/**
 * The body goes to disk as it comes, never into memory as a whole. A client has one upload under way: a newer one takes
 * the place of the older, whose connection it has most likely lost.
 */
export function update(ports: UpdatePorts): RouteHandlers['update'] {
  const underWay = new Replaceable();
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
    await authenticate(ports, run, client, secret);
    ports.allowance.upload(run, client);
    const done = underWay.replace(`${run}/${client}`, () => body.destroy(replaced()));
    try {
      return await takeUpdate(ports, run, round, client, body);
    } finally {
      done();
    }
  };
}

const replaced = () =>
  new StrataError(
    'wrong-state',
    'A newer upload of the same participant takes the place of this one.',
    'Send one update at a time.',
  );
