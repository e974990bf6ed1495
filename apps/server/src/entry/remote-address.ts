import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { FastifyBaseLogger } from 'fastify';

/** Who asks, as limits count it: the address a request came from, behind the proxies that may say so. */

/** Networks that TRUST_PROXY may name instead of writing them out. */
const named: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', 'fc00::/7', 'fe80::/10'],
};

interface Network {
  readonly address: string;
  readonly prefix: number;
}

/** An address, a network (`10.0.0.0/8`), `loopback` or `private`; null for anything else. */
export function parseNetworks(text: string): Network[] | null {
  const written = Object.hasOwn(named, text) ? (named[text] ?? []) : [text];
  const networks = written.map(parseNetwork);
  return networks.every((network) => network !== null) ? networks : null;
}

function parseNetwork(text: string): Network | null {
  const [, address = '', digits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  const bits = family === 6 ? 128 : 32;
  const prefix = digits === undefined ? bits : Number(digits);
  return family === 0 || prefix > bits ? null : { address, prefix };
}

/** What shares the limits of the address that a request came from; see {@link neighbourhood}. */
export type RemoteAddress = (request: IncomingMessage) => string;

/**
 * @param proxies networks whose word on `x-forwarded-for` is taken, as {@link parseNetworks} reads them; none: nobody's.
 *   Who names a proxy that anybody can reach the server without lets everybody choose an address.
 */
export function remoteAddress(
  proxies: readonly string[],
  log: Pick<FastifyBaseLogger, 'warn'>,
): RemoteAddress {
  const trusted = new BlockList();
  for (const { address, prefix } of proxies.flatMap((text) => parseNetworks(text) ?? [])) {
    trusted.addSubnet(address, prefix, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  const isTrusted = (address: string): boolean => {
    const family = isIP(address);
    return family !== 0 && trusted.check(address, family === 6 ? 'ipv6' : 'ipv4');
  };
  let warned = false;
  return (request) => {
    const header = request.headers['x-forwarded-for'];
    const hops = [header ?? ''].flat().join(',').split(',').map(bare);
    let address = bare(request.socket.remoteAddress ?? '');
    if (header !== undefined && !isTrusted(address) && !warned) {
      warned = true;
      log.warn(
        { address },
        'A proxy says whom it asks for, and TRUST_PROXY does not name it: all who come through it share the limits of one address.',
      );
    }
    while (isTrusted(address)) {
      const before = hops.pop();
      if (before === undefined || isIP(before) === 0) break;
      address = before;
    }
    return neighbourhood(address);
  };
}

/** Without brackets, port and zone, and an IPv4 address as such. */
function bare(text: string): string {
  const address = text
    .trim()
    .replace(/^\[([^\]]*)\](?::\d+)?$/, '$1')
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
    .replace(/%.*$/, '')
    .toLowerCase();
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1] ?? address;
}

/**
 * What shares the limits of one address: an IPv4 address, or the /64 that a household or a machine is given of IPv6,
 * within which it may change its address with every connection.
 */
export function neighbourhood(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array.from({ length: missing }, () => '0'), ...after];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
