import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { addressLines, joinAddresses } from './join-addresses.ts';
import { addressCheck } from './own-address.ts';

const info = (address: string, internal = false): NetworkInterfaceInfo => {
  const v6 = address.includes(':');
  const rest = { netmask: '', mac: '', internal, cidr: null };
  return v6 ? { address, family: 'IPv6', scopeid: 0, ...rest } : { address, family: 'IPv4', ...rest };
};
/** A laptop with containers. */
const laptop = {
  lo: [info('127.0.0.1', true), info('::1', true)],
  wlan0: [info('192.168.1.23'), info('fe80::1')],
  docker0: [info('172.17.0.1')],
};
const listening = { host: '0.0.0.0', port: 8080, publicUrl: null };

describe('addresses for participants', () => {
  it('on all of the machine: its networks, none of its containers', () => {
    expect(joinAddresses(listening, laptop)).toEqual({
      addresses: [
        { url: 'http://192.168.1.23:8080', reach: 'network', secure: false },
        { url: 'http://localhost:8080', reach: 'this-machine', secure: true },
      ],
      closed: [],
    });
  });

  it('as it starts by itself, this machine alone, and what others would need', () => {
    expect(joinAddresses({ ...listening, host: '127.0.0.1' }, laptop)).toEqual({
      addresses: [{ url: 'http://localhost:8080', reach: 'this-machine', secure: true }],
      closed: ['http://192.168.1.23:8080'],
    });
    const lines = addressLines({ ...listening, host: '127.0.0.1' }, laptop).join('\n');
    expect(lines).toContain('Only this machine');
    expect(lines).toContain('HOST=0.0.0.0');
    expect(lines).toContain('http://192.168.1.23:8080');
  });

  it('says what plain http costs, and where TLS is told', () => {
    const lines = addressLines(listening, laptop).join('\n');
    expect(lines).toContain('http://192.168.1.23:8080');
    expect(lines).toContain('WebGPU');
    expect(lines).toContain('docs/network.md');
  });

  it('what the operator names comes first, and is judged as browsers do', () => {
    const of = (publicUrl: string) =>
      joinAddresses({ ...listening, host: '127.0.0.1', publicUrl }, laptop).addresses[0];
    expect(of('https://strata.example/x')).toEqual({
      url: 'https://strata.example',
      reach: 'public',
      secure: true,
    });
    expect(of('http://strata.example')).toMatchObject({ reach: 'public', secure: false });
    expect(of('http://127.0.0.1:3000')).toMatchObject({ reach: 'this-machine', secure: true });
    expect(addressLines({ ...listening, publicUrl: 'https://strata.example' }, laptop)).toEqual([]);
  });

  it('in a network of IPv6 alone, in one of containers alone, and in none', () => {
    const v6 = { en0: [info('2001:db8::7'), info('fe80::7')] };
    expect(joinAddresses(listening, v6).addresses[0]?.url).toBe('http://[2001:db8::7]:8080');
    const { docker0 } = laptop;
    expect(joinAddresses(listening, { docker0 }).addresses[0]?.url).toBe('http://172.17.0.1:8080');
    expect(joinAddresses(listening, {}).addresses).toEqual([
      { url: 'http://localhost:8080', reach: 'this-machine', secure: true },
    ]);
    expect(joinAddresses({ ...listening, host: '10.0.0.5' }, {}).addresses).toEqual([
      { url: 'http://10.0.0.5:8080', reach: 'network', secure: false },
    ]);
  });

  it('every address that is given is one that the server answers to', () => {
    const check = addressCheck({ host: '0.0.0.0', publicUrl: null, allowedOrigins: [] });
    for (const { url } of joinAddresses(listening, { ...laptop, en0: [info('2001:db8::7')] }).addresses) {
      expect(() => check({ host: new URL(url).host, origin: url })).not.toThrow();
    }
  });
});
