import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { StrataError } from '../error.ts';
import type { Exchange, Ready, Roster } from './messages.ts';

/** What an exchange is of, as bytes: signed by each participant, and bound into every key. */

/** JSON with the keys of every object in order: the same value gives the same text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** The SHA-256 of anything that JSON can say, such as a manifest or a configuration; hexadecimal. */
export const digestOf = (value: unknown): string => bytesToHex(sha256(utf8ToBytes(canonical(value))));

/** What the signature of a {@link Ready} is of. */
export const readyBytes = (exchange: Exchange, ready: Omit<Ready, 'signature'>): Uint8Array<ArrayBuffer> => {
  const { client, identity, keys, vectors } = ready;
  return utf8ToBytes(canonical(['strata/sealed-ready/1', exchange, { client, identity, keys, vectors }]));
};

/** 32 bytes that differ where anything differs: run, round, part, checkpoint, configuration, who takes part by which keys. */
export const contextOf = ({ exchange, members }: Roster): Uint8Array<ArrayBuffer> =>
  sha256(utf8ToBytes(canonical(['strata/sealed/1', exchange, members])));

const words: Record<keyof Exchange, string> = {
  run: 'run',
  round: 'round',
  part: 'part of the round',
  checkpoint: 'checkpoint',
  config: 'configuration',
  terms: 'rounding',
  atLeast: 'least number of participants',
  vectors: 'list of vectors',
};

/** @throws `wrong-exchange` where what was sent is not of the exchange that is expected, naming the first difference. */
export function checkSameExchange(expected: Exchange, given: Exchange): void {
  for (const [field, name] of Object.entries(words)) {
    const key = field as keyof Exchange;
    if (canonical(expected[key]) === canonical(given[key])) continue;
    throw new StrataError(
      'wrong-exchange',
      `The ${name} of this sealed exchange is another one than this participant was told of.`,
      'The round is left out. Where it happens again, ask who runs the study.',
    );
  }
}
