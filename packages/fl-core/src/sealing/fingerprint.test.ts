import { describe, expect, it } from 'vitest';
import { fingerprintOf } from './fingerprint.ts';

const member = (client: string, key: string) => ({
  client,
  identity: { algorithm: 'ed25519' as const, key },
  keys: { masks: '', shares: '' },
  vectors: [],
  signature: '',
});

describe('the fingerprint of who takes part', () => {
  it('is twelve words, the same for the same people whatever their keys of the round', () => {
    const people = [member('a', '11'.repeat(32)), member('b', '22'.repeat(32))];
    const words = fingerprintOf(people);
    expect(words.split(' ')).toHaveLength(12);
    expect(fingerprintOf(people.map((m) => ({ ...m, signature: 'x', vectors: ['head'] })))).toBe(words);
  });

  it('is another one where anybody has another key, another name, or is there besides', () => {
    const a = member('a', '11'.repeat(32));
    const all = [[a], [member('a', '12'.repeat(32))], [member('b', '11'.repeat(32))], [a, member('b', '22')]];
    expect(new Set(all.map(fingerprintOf)).size).toBe(4);
  });
});
