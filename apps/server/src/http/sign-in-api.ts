import { type ErrorCode, type SignInProblem, StrataError, signInQuery } from '@strata/fl-core/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { setSessionCookie, setSignInCookie, signInCookie } from '../entry/operators/cookie.ts';
import type { HasDoorkeeper } from '../entry/operators/doorkeeper.ts';
import type { HasOpenId, OpenId } from '../entry/operators/openid/openid.ts';
import type { RemoteAddress } from '../entry/remote-address.ts';
import type { RouteHandlers } from './serve-routes.ts';

type Ports = HasDoorkeeper & HasOpenId & { readonly remoteAddress: RemoteAddress };

/** Operators who sign in by an identity provider: their browser goes there, and comes back. */
export const signInApi = ({
  doorkeeper,
  openId,
  remoteAddress,
}: Ports): Pick<RouteHandlers, 'beginSignIn' | 'endSignIn'> => ({
  beginSignIn: async ({ request, reply }) => {
    const provider = provided(openId);
    const { publicUrl } = provider.settings;
    // The cookie must be of the address that people come back to.
    if (request.headers.host !== new URL(publicUrl).host)
      return goTo(reply, `${publicUrl}/api/session/openid`);
    try {
      const { secret, url } = await provider.begin();
      reply.header('set-cookie', setSignInCookie(request.headers, secret, isSecure(publicUrl)));
      return goTo(reply, url);
    } catch (error) {
      return goTo(reply, back(publicUrl, error, request));
    }
  },
  endSignIn: async ({ request, reply }) => {
    const provider = provided(openId);
    const { publicUrl } = provider.settings;
    const secure = isSecure(publicUrl);
    const used = setSignInCookie(request.headers, null, secure); // good once, whatever comes of it
    const query = request.url.slice(request.url.indexOf('?') + 1);
    try {
      const secret = signInCookie(request.headers);
      const made = await doorkeeper.signIn(provider, secret, query, remoteAddress(request.raw));
      reply.header('set-cookie', [used, setSessionCookie(request.headers, made.secret, secure)]);
      return goTo(reply, `${publicUrl}/operator`);
    } catch (error) {
      reply.header('set-cookie', used);
      return goTo(reply, back(publicUrl, error, request));
    }
  },
});

function provided(openId: OpenId | null): OpenId {
  if (openId !== null) return openId;
  throw new StrataError(
    'wrong-state',
    'This server has no identity provider to sign in by.',
    'Log in at /operator with a name and a password.',
  );
}

const isSecure = (publicUrl: string): boolean => publicUrl.startsWith('https:');

const goTo = (reply: FastifyReply, url: string): FastifyReply =>
  reply.header('cache-control', 'no-store').redirect(url, 302);

/** To the page that says why. Anything but a refusal is a fault of ours, and answered as one. */
function back(publicUrl: string, error: unknown, { log }: Pick<FastifyRequest, 'log'>): string {
  if (!(error instanceof StrataError)) throw error;
  log.warn(
    { code: error.code, problem: error.message },
    'Somebody could not sign in by the identity provider.',
  );
  return `${publicUrl}/operator?${signInQuery}=${problemOf(error.code)}`;
}

function problemOf(code: ErrorCode): SignInProblem {
  switch (code) {
    case 'forbidden':
      return 'no-role';
    case 'rate-limited':
      return 'busy';
    case 'unavailable':
      return 'away';
    case 'wrong-state':
      return 'account';
    default:
      return 'refused';
  }
}
