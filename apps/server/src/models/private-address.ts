import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** Of IPv4 whatever is not one computer of the public Internet (IANA's special-purpose registry, multicast, reserved). */
const special4 = new BlockList();
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  special4.addSubnet(net, prefix, 'ipv4');
}

/** Of IPv6 only global unicast is public, but for tunnels, which lead to any IPv4 address, and documentation. */
const global6 = new BlockList();
global6.addSubnet('2000::', 3, 'ipv6');
const special6 = new BlockList();
for (const [net, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  special6.addSubnet(net, prefix, 'ipv6');
}

/**
 * Whether an address of a computer leads to this machine, its network, or nowhere: loopback, private, link-local (where
 * clouds keep their credentials) and all else that is not public. What is no address is private.
 */
export function isPrivateAddress(address: string): boolean {
  if (isIPv4(address)) return special4.check(address, 'ipv4');
  if (!isIPv6(address)) return true;
  return !global6.check(address, 'ipv6') || special6.check(address, 'ipv6');
}
