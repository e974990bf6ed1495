import { hexToBytes } from '@noble/hashes/utils.js';
import { entropyToMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { digestOf } from './context.ts';
import type { Roster } from './messages.ts';

/**
 * Who takes part, in twelve words that people can read to each other: 128 bits of the hash of all ids and identity
 * keys, and BIP-39's checksum. The same for everybody who was shown the same participants, whatever the round.
 */
export function fingerprintOf(members: Pick<Roster, 'members'>['members']): string {
  const people = members.map(({ client, identity }) => [client, identity.algorithm, identity.key]);
  return entropyToMnemonic(hexToBytes(digestOf(people)).subarray(0, 16), wordlist);
}
