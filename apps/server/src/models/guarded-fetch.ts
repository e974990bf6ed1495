import { type LookupAddress, lookup } from 'node:dns';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import { StrataError } from '@strata/fl-core/protocol';
import { isPrivateAddress } from './private-address.ts';

/** Where models may be fetched from. */
export interface FetchPolicy {
  /** Addresses of this machine and its network, too. */
  readonly privateAllowed: boolean;
  /** Origins that whoever runs the server has named, wherever they are: `http://mirror:8080`. */
  readonly trusted: readonly string[];
}

const maxRedirects = 5;
/** A connection on which nothing happens for so long is given up. */
const silenceMs = 60_000;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * `fetch` for addresses that somebody else chose, GET and HEAD: a request goes to the very address that was found
 * public, so that a name cannot mean another computer a moment later, and each redirect is looked at like the first
 * address. Bodies come as they are: nothing compressed is asked for, or taken.
 *
 * @returns a function that throws StrataError `bad-config` for an address that is not allowed
 */
export const guardedFetch =
  (policy: FetchPolicy): typeof fetch =>
  async (input, init = {}) => {
    const method = init.method ?? 'GET';
    const headers = new Headers(init.headers);
    headers.set('accept-encoding', 'identity');
    let url = new URL(input instanceof Request ? input.url : input);
    for (let hops = 0; ; hops++) {
      const answer = await ask(url, { method, headers, signal: init.signal ?? null, policy });
      const next = answer.headers.location;
      if (init.redirect === 'manual' || next === undefined || !redirects.has(answer.statusCode ?? 0)) {
        return asResponse(answer, url, hops > 0);
      }
      answer.destroy(); // what it says besides may have no end
      if (hops === maxRedirects) throw new Error(`there are more than ${maxRedirects} redirects`);
      const to = new URL(next, url);
      if (to.origin !== url.origin) headers.delete('authorization');
      url = to;
    }
  };

interface Asked {
  readonly method: string;
  readonly headers: Headers;
  readonly signal: AbortSignal | null;
  readonly policy: FetchPolicy;
}

function ask(url: URL, { method, headers, signal, policy }: Asked): Promise<IncomingMessage> {
  const open = policy.privateAllowed || policy.trusted.includes(url.origin);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new Error(`a redirect leads to ${url.protocol}`);
  // The lookup below is not asked for what is an address already. URL has made 0x7f.1 and 2130706433 to 127.0.0.1.
  if (!open && isIP(host) !== 0 && isPrivateAddress(host)) throw notAllowed(host);
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const request = send(url, {
      method,
      headers: Object.fromEntries(headers),
      lookup: open ? lookup : publicOnly,
      agent: false,
      ...(signal ? { signal } : {}),
    });
    request.setTimeout(silenceMs, () => request.destroy(new Error(`nothing came for ${silenceMs / 1000} s`)));
    request.once('response', resolve);
    request.once('error', reject);
    request.end();
  });
}

/** Resolves a name to its public addresses; the connection is made to one of those. */
const publicOnly: LookupFunction = (host, options, done) => {
  lookup(host, { ...options, all: true }, (error, found: LookupAddress[]) => {
    if (error) return done(error, []);
    const addresses = found.filter(({ address }) => !isPrivateAddress(address));
    const [first] = addresses;
    if (first === undefined) return done(notAllowed(host), []);
    if (options.all) done(null, addresses);
    else done(null, first.address, first.family);
  });
};

const notAllowed = (what: string): StrataError =>
  new StrataError(
    'bad-config',
    `${what} is on this server’s own network, where models are not fetched from.`,
    'Choose a public address, put the model into a folder of STRATA_MODELS_DIR, or start the server with STRATA_IMPORT_PRIVATE=1.',
  );

function asResponse(answer: IncomingMessage, url: URL, redirected: boolean): Response {
  const status = answer.statusCode ?? 0;
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  const encoding = headers.get('content-encoding');
  if (encoding !== null && encoding !== 'identity') {
    answer.destroy();
    throw new Error('the answer is compressed, which was not asked for');
  }
  if (bodiless.has(status)) answer.resume();
  const body = bodiless.has(status) ? null : Readable.toWeb(answer);
  const response = new Response(body as ReadableStream<Uint8Array> | null, {
    status,
    statusText: answer.statusMessage ?? '',
    headers,
  });
  // As the platform's own `fetch` tells it.
  return Object.defineProperties(response, {
    url: { value: url.href },
    redirected: { value: redirected },
  });
}
