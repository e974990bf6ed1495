import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { StrataError } from '../../error.ts';
import type { Envelope } from '../messages.ts';
import type { Randomness } from './randomness.ts';

/**
 * AES-256-GCM with a fresh random 96-bit IV a message. A key encrypts one message of one exchange, so that no IV can
 * meet its key twice.
 * @param key 32 bytes.
 */
export async function encrypt(
  key: Uint8Array<ArrayBuffer>,
  plain: Uint8Array<ArrayBuffer>,
  randomness: Randomness,
): Promise<Envelope> {
  const iv = randomness.bytes(12);
  const cipher = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, await aesKey(key, 'encrypt'), plain);
  return { iv: bytesToHex(iv), text: bytesToHex(new Uint8Array(cipher)) };
}

/** @throws `bad-envelope` where it was changed, or encrypted under another key. */
export async function decrypt(
  key: Uint8Array<ArrayBuffer>,
  envelope: Envelope,
  from: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const iv = hexToBytes(envelope.iv);
  try {
    const aes = await aesKey(key, 'decrypt');
    return new Uint8Array(
      await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, aes, hexToBytes(envelope.text)),
    );
  } catch (error) {
    throw badEnvelope(from, { cause: error });
  }
}

export const badEnvelope = (from: string, options?: ErrorOptions): StrataError =>
  new StrataError(
    'bad-envelope',
    `What ${from} is said to have sent was not encrypted for this participant in this exchange.`,
    'The round is left out: something between the two changes messages, or they were told of different rounds.',
    options,
  );

const aesKey = (key: Uint8Array<ArrayBuffer>, usage: 'encrypt' | 'decrypt') =>
  crypto.subtle.importKey('raw', key, { name: 'AES-GCM' }, false, [usage]);
