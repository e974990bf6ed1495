import type { JoinAddress } from '@strata/fl-core/protocol';
import { describe, expect, it } from 'vitest';
import { addressWarning, joinChoices } from './join-choices.ts';

const phone: JoinAddress = { url: 'http://192.168.1.23:8080', reach: 'network', secure: false };
const here: JoinAddress = { url: 'http://localhost:8080', reach: 'this-machine', secure: true };
const named: JoinAddress = { url: 'https://strata.example', reach: 'public', secure: true };
const urls = (choices: readonly JoinAddress[]) => choices.map(({ url }) => url);

describe('where a join link points', () => {
  it('to what a phone can open, though the operator’s page is at 127.0.0.1', () => {
    const choices = joinChoices({ addresses: [phone, here] }, 'http://127.0.0.1:8080');
    expect(urls(choices)).toEqual(['http://192.168.1.23:8080', 'http://127.0.0.1:8080']);
  });

  it('to the address that the operator named', () => {
    expect(urls(joinChoices({ addresses: [named, phone, here] }, 'http://localhost:8080'))[0]).toBe(
      'https://strata.example',
    );
  });

  it('to where this page came from, where that is a way for others, whatever the server knows of itself', () => {
    const choices = joinChoices({ addresses: [here] }, 'https://proxy.example');
    expect(choices).toEqual([{ url: 'https://proxy.example', reach: 'network', secure: true }]);
    expect(urls(joinChoices({ addresses: [phone, here] }, phone.url))).toEqual([phone.url]);
  });
});

describe('what is said of it', () => {
  it('an address of this computer is of no use to others, and which one would be', () => {
    const warning = addressWarning(here, { closed: ['http://192.168.1.23:8080'] });
    expect(warning?.title).toContain('Only this computer');
    expect(warning?.text).toContain('HOST=0.0.0.0');
    expect(warning?.text).toContain('http://192.168.1.23:8080');
    expect(addressWarning(here, { closed: [] })?.text).toContain('docs/network.md');
  });

  it('http costs the graphics chip; https is nothing to talk about', () => {
    expect(addressWarning(phone, { closed: [] })?.text).toContain('graphics chips');
    expect(addressWarning(named, { closed: [] })).toBeNull();
  });
});
