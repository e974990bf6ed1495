import type { IncomingHttpHeaders } from 'node:http';
import { parseCookie, stringifySetCookie } from 'cookie';

/**
 * Cookies are shared by all servers of a machine, whatever their port: each has a name of its own, by the port that the
 * browser asked for.
 */
const nameFor = ({ host = '' }: Pick<IncomingHttpHeaders, 'host'>): string =>
  `strata-session-${/:(\d+)$/.exec(host)?.[1] ?? 'default'}`;

/** The secret of the session that a request says it is of; null where it says none. */
export function sessionCookie(headers: Pick<IncomingHttpHeaders, 'host' | 'cookie'>): string | null {
  const value = parseCookie(headers.cookie ?? '')[nameFor(headers)];
  return value === undefined || value === '' || value.length > 200 ? null : value;
}

/**
 * The line that has the browser keep a session, or forget it (null), until it is closed. Only pages of this server send
 * it (SameSite), no script reads it, and where the page came by https it goes nowhere else.
 */
export const setSessionCookie = (
  headers: Pick<IncomingHttpHeaders, 'host' | 'origin'>,
  secret: string | null,
): string =>
  stringifySetCookie({
    name: nameFor(headers),
    value: secret ?? '',
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    // Browsers say with every request that logs in which page it is of.
    secure: headers.origin?.startsWith('https:') ?? false,
    ...(secret === null ? { maxAge: 0 } : {}),
  });
