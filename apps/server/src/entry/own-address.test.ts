import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { addressCheck } from './own-address.ts';

const loopback = { host: '127.0.0.1', publicUrl: null, allowedOrigins: [] };
const open = {
  host: '0.0.0.0',
  publicUrl: 'https://strata.example/strata',
  allowedOrigins: ['https://other.example:8443'],
};

describe('a request that is let in', () => {
  it.each([
    ['a program', loopback, '127.0.0.1:8080', undefined],
    ['a page of the same address', loopback, '127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['localhost', loopback, 'localhost:8080', 'http://localhost:8080'],
    ['IPv6', loopback, '[::1]:8080', 'http://[::1]:8080'],
    ['another port, as Vite in front has', loopback, 'localhost:5173', 'http://localhost:5173'],
    ['no name at all, as HTTP/1.0 has', loopback, undefined, undefined],
    ['PUBLIC_URL', open, 'strata.example', 'https://strata.example'],
    ['PUBLIC_URL through a proxy that asks by address', open, '127.0.0.1:8080', 'https://strata.example'],
    ['TLS taken off by a proxy, which keeps the name', open, 'strata.example', 'http://strata.example'],
    ['a machine of the local network', open, '192.168.1.5:8080', 'http://192.168.1.5:8080'],
    ['the machine’s name', open, `${hostname()}:8080`, `http://${hostname()}:8080`],
    ['another origin that is allowed', open, 'strata.example', 'https://other.example:8443'],
    ['the name of another origin that is allowed', open, 'other.example:8443', undefined],
  ])('%s', (_what, settings, host, origin) => {
    addressCheck(settings)({ host, origin });
  });
});

describe('a request that is refused', () => {
  it.each([
    ['a name that was made to point here', loopback, 'evil.example:8080', undefined],
    ['the same with its page', loopback, 'evil.example:8080', 'http://evil.example:8080'],
    ['a name like ours', open, 'strata.example.evil.example', undefined],
    ['no name', loopback, 'a b', undefined],
    ['a page of another site', loopback, '127.0.0.1:8080', 'http://evil.example'],
    ['a page of another port', loopback, '127.0.0.1:8080', 'http://127.0.0.1:3000'],
    ['a page of no site', loopback, '127.0.0.1:8080', 'null'],
    ['a page of another address', open, '127.0.0.1:8080', 'http://6.6.6.6:8080'],
    ['a page of an allowed name and another port', open, 'strata.example', 'https://other.example'],
  ])('%s', (_what, settings, host, origin) => {
    expect(() => addressCheck(settings)({ host, origin })).toThrow(
      expect.objectContaining({ code: 'foreign-address', hint: expect.stringContaining('PUBLIC_URL') }),
    );
  });

  it('hears the server’s own address', () => {
    expect(() => addressCheck(open)({ host: 'evil.example' })).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('Use https://strata.example/strata.') }),
    );
  });
});
