import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { neighbourhood, parseNetworks, remoteAddress } from './remote-address.ts';

/** What is read of a request. */
const request = (address: string, forwarded?: string) =>
  ({
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
    socket: { remoteAddress: address },
  }) as unknown as IncomingMessage;

describe('the address of who asks', () => {
  const warnings: unknown[] = [];
  const log = { warn: (...line: unknown[]) => warnings.push(line) };

  it('is the connection’s where no proxy is trusted, whatever the request says', () => {
    const read = remoteAddress([], log);
    expect(read(request('203.0.113.7'))).toBe('203.0.113.7');
    expect(warnings).toEqual([]);
    expect(read(request('203.0.113.7', '198.51.100.1'))).toBe('203.0.113.7');
    expect(read(request('203.0.113.7', '198.51.100.2'))).toBe('203.0.113.7');
    expect(warnings).toHaveLength(1);
  });

  it.each([
    ['what a trusted proxy says', '127.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['not what somebody said to the proxy', '127.0.0.1', '6.6.6.6, 198.51.100.1', '198.51.100.1'],
    ['what the first of two trusted proxies says', '::1', '198.51.100.1, 10.1.2.3', '198.51.100.1'],
    ['the proxy’s own where it says nonsense', '127.0.0.1', 'unknown', '127.0.0.1'],
    ['the proxy’s own where it says nothing', '127.0.0.1', undefined, '127.0.0.1'],
    ['without a port', '::ffff:127.0.0.1', '198.51.100.1:4711', '198.51.100.1'],
    ['IPv6 in brackets', '127.0.0.1', '[2001:db8::1]:443', '2001:db8:0:0::/64'],
    ['not what a stranger says', '203.0.113.7', '198.51.100.1', '203.0.113.7'],
  ])('is %s', (_what, address, forwarded, expected) => {
    const read = remoteAddress(['loopback', '10.0.0.0/8'], log);
    expect(read(request(address, forwarded))).toBe(expected);
  });
});

it.each(['loopback', 'private', '10.0.0.0/8', '192.0.2.1', '2001:db8::/32'])('%s names proxies', (text) => {
  expect(parseNetworks(text)).not.toBeNull();
});

it.each(['', 'true', '1', '10.0.0.0/33', 'proxy.example', 'constructor'])('%s names none', (text) => {
  expect(parseNetworks(text)).toBeNull();
});

describe('what shares the limits of one address', () => {
  it('is an IPv4 address alone', () => {
    expect(neighbourhood('203.0.113.7')).not.toBe(neighbourhood('203.0.113.8'));
  });

  it('is a /64 of IPv6', () => {
    expect(neighbourhood('2001:db8:0:1::5')).toBe('2001:db8:0:1::/64');
    expect(neighbourhood('2001:0db8:0000:0001:ffff:1:2:3')).toBe('2001:db8:0:1::/64');
    expect(neighbourhood('2001:db8:0:2::5')).not.toBe(neighbourhood('2001:db8:0:1::5'));
    expect(neighbourhood('::1')).toBe('0:0:0:0::/64');
  });
});
