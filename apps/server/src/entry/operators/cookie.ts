import type { IncomingHttpHeaders } from 'node:http';
import { parseCookie, stringifySetCookie } from 'cookie';

/**
 * Cookies are shared by all servers of a machine, whatever their port: each has a name of its own, by the port that the
 * browser asked for.
 */
const nameFor = ({ host = '' }: Pick<IncomingHttpHeaders, 'host'>, what = 'session'): string =>
  `strata-${what}-${/:(\d+)$/.exec(host)?.[1] ?? 'default'}`;

type CookieHeaders = Pick<IncomingHttpHeaders, 'host' | 'cookie'>;

/** The secret of the session that a request says it is of; null where it says none. */
export const sessionCookie = (headers: CookieHeaders): string | null => readCookie(headers, nameFor(headers));

function readCookie({ cookie = '' }: CookieHeaders, name: string): string | null {
  const value = parseCookie(cookie)[name];
  return value === undefined || value === '' || value.length > 200 ? null : value;
}

/** The secret of the sign-in by an identity provider that a browser has begun. */
export const signInCookie = (headers: CookieHeaders): string | null =>
  readCookie(headers, nameFor(headers, 'sign-in'));

/** How long a person may take at the identity provider, in seconds. */
const signInSeconds = 600;

/**
 * The line that has the browser keep the secret of a sign-in, or forget it (null). It comes back with a navigation from
 * another site, which `strict` would not let it.
 */
export const setSignInCookie = (
  headers: Pick<IncomingHttpHeaders, 'host'>,
  secret: string | null,
  secure: boolean,
): string =>
  stringifySetCookie({
    name: nameFor(headers, 'sign-in'),
    value: secret ?? '',
    path: '/api/session/openid',
    httpOnly: true,
    sameSite: 'lax',
    secure,
    maxAge: secret === null ? 0 : signInSeconds,
  });

/**
 * The line that has the browser keep a session, or forget it (null), until it is closed. Only pages of this server send
 * it (SameSite), no script reads it, and where the page came by https it goes nowhere else.
 */
export const setSessionCookie = (
  headers: Pick<IncomingHttpHeaders, 'host' | 'origin'>,
  secret: string | null,
  // Browsers say with every request that logs in which page it is of.
  secure = headers.origin?.startsWith('https:') ?? false,
): string =>
  stringifySetCookie({
    name: nameFor(headers),
    value: secret ?? '',
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure,
    ...(secret === null ? { maxAge: 0 } : {}),
  });
