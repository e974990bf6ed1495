import { isIP } from 'node:net';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import type { JoinAddress, JoinAddresses } from '@strata/fl-core/protocol';

/** Under which addresses participants find this server, for its log, its operator and QR codes. */

type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>;

interface Listening {
  readonly host: string;
  /** The one that is taken, where the settings leave it open. */
  readonly port: number;
  readonly publicUrl: string | null;
}

/** Networks between this machine and its own containers and tunnels: no phone is in them. */
const inside = /^(docker|br-|veth|virbr|vmnet|vboxnet|cni|flannel|podman|lxc|utun|awdl|llw)/;

/** Where it opens from this machine and nowhere else. */
const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\./.test(host);
const isEverything = (host: string): boolean => host === '0.0.0.0' || host === '::';

/**
 * The best address first: the one that the operator names, then those of the networks that this machine is in. Read anew
 * each time, because a laptop moves from one network to another.
 */
export function joinAddresses(
  { host, port, publicUrl }: Listening,
  interfaces: Interfaces = networkInterfaces(),
): JoinAddresses {
  const at = (name: string): string =>
    new URL(`http://${isIP(name) === 6 ? `[${name}]` : name}:${port}`).origin;
  const here: JoinAddress = { url: at('localhost'), reach: 'this-machine', secure: true };
  const named: JoinAddress[] =
    publicUrl === null
      ? []
      : [{ url: new URL(publicUrl).origin, reach: reachOf(publicUrl), secure: isSecure(publicUrl) }];
  if (isLoopback(host)) {
    return { addresses: [...named, here], closed: publicUrl === null ? neighbours(interfaces).map(at) : [] };
  }
  const open = isEverything(host) ? neighbours(interfaces) : [host];
  const network = open.map((name): JoinAddress => ({ url: at(name), reach: 'network', secure: false }));
  return { addresses: [...named, ...network, ...(isEverything(host) ? [here] : [])], closed: [] };
}

const nameOf = (url: string): string => new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');
const reachOf = (url: string): JoinAddress['reach'] => (isLoopback(nameOf(url)) ? 'this-machine' : 'public');
/** As browsers judge: an origin with TLS, or this machine's own. */
const isSecure = (url: string): boolean => new URL(url).protocol === 'https:' || isLoopback(nameOf(url));

/** Addresses of this machine in networks with others; IPv6 ones only where there is nothing else. */
function neighbours(interfaces: Interfaces): string[] {
  const found = Object.entries(interfaces)
    .flatMap(([name, infos]) => (infos ?? []).map((info) => ({ name, ...info })))
    .filter(({ internal, address }) => !internal && !/^(169\.254\.|fe80:)/i.test(address));
  const outside = found.filter(({ name }) => !inside.test(name));
  const of = (list: typeof found, family: 'IPv4' | 'IPv6') =>
    list.filter((info) => info.family === family).map(({ address }) => address);
  const best =
    [of(outside, 'IPv4'), of(outside, 'IPv6'), of(found, 'IPv4')].find((list) => list.length > 0) ?? [];
  return [...new Set(best)];
}

/** What is printed when the server has started, a line each; nothing where the operator has named the address. */
export function addressLines(listening: Listening, interfaces?: Interfaces): string[] {
  const { addresses, closed } = joinAddresses(listening, interfaces);
  if (listening.publicUrl !== null) return [];
  const network = addresses.filter(({ reach }) => reach === 'network');
  if (network.length > 0) {
    return [
      `Other devices in this network find it at ${network.map(({ url }) => url).join(' or ')}`,
      'Browsers keep WebGPU, storage and cameras from pages without TLS: they train on the processor, more slowly.',
      'docs/network.md says how to put TLS in front; PUBLIC_URL is then its address.',
    ];
  }
  const [first] = closed;
  return [
    'Only this machine can open it: phones and other computers cannot use these addresses.',
    first === undefined
      ? 'To let others in, set HOST=0.0.0.0 in a network, or put a proxy in front (docs/network.md).'
      : `To let others in, start it with HOST=0.0.0.0: then it is at ${first} too (docs/network.md).`,
  ];
}
