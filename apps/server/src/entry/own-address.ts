import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { plainLine, StrataError } from '@strata/fl-core/protocol';

/** Which names this server answers to, and whose pages may use it. */

export interface AddressSettings {
  readonly host: string;
  readonly publicUrl: string | null;
  /** Origins of pages that may use the server beside its own. */
  readonly allowedOrigins: readonly string[];
}

/** Throws `foreign-address`. */
export type AddressCheck = (headers: Pick<IncomingHttpHeaders, 'host' | 'origin'>) => void;

/**
 * A request must be to a name of this server: to another one comes a browser whose page made its own name point here
 * (DNS rebinding). An address of digits cannot be made to point elsewhere, so that all of those are as good as a name.
 * And a request that names the page it comes from must come from a page of the same address, or of one that is allowed.
 */
export function addressCheck({ host, publicUrl, allowedOrigins }: AddressSettings): AddressCheck {
  const origins = new Set([...(publicUrl === null ? [] : [publicUrl]), ...allowedOrigins].map(originOf));
  const machine = hostname().toLowerCase();
  const names = new Set([
    'localhost',
    host.toLowerCase(),
    machine,
    `${machine}.local`,
    ...[...origins].map(nameOf),
  ]);
  const usual = publicUrl ?? 'the address that the server printed when it started';
  return ({ host: asked, origin }) => {
    if (asked !== undefined) {
      const name = URL.canParse(`http://${asked}`) ? new URL(`http://${asked}`).hostname : '';
      if (isIP(name.replace(/^\[(.*)\]$/, '$1')) === 0 && !names.has(name)) {
        throw new StrataError(
          'foreign-address',
          `${shown(asked)} is not a name of this server.`,
          `Use ${usual}. Whoever runs the server names its address in PUBLIC_URL, and further ones in ALLOWED_ORIGINS.`,
        );
      }
    }
    if (origin === undefined || origins.has(origin) || (asked !== undefined && sameHost(origin, asked)))
      return;
    throw new StrataError(
      'foreign-address',
      `A page of ${shown(origin)} may not use this server.`,
      `Use the pages at ${usual}. If ${shown(origin)} is this server behind a proxy, set PUBLIC_URL to it, or name it in ALLOWED_ORIGINS.`,
    );
  };
}

/** Origins of either scheme: a proxy may have taken TLS off. */
const sameHost = (origin: string, host: string): boolean =>
  origin === `http://${host}` || origin === `https://${host}`;

const originOf = (url: string): string => new URL(url).origin;
const nameOf = (url: string): string => new URL(url).hostname;
const shown = (text: string): string => plainLine(text).slice(0, 200);
