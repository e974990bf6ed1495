import { x25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { StrataError } from '../../error.ts';
import type { Randomness } from './randomness.ts';

/**
 * Keys that two participants agree on without sending them: X25519 (RFC 7748), then HKDF-SHA256 (RFC 5869). The
 * context of the exchange (`context.ts`) is part of what each key is derived by: who was told of another checkpoint,
 * configuration or roster has other keys, and its masks do not cancel.
 */

/** A key pair for one exchange; 32 bytes each. The secret half is what others keep Shamir shares of. */
export interface RoundKeys {
  readonly secret: Uint8Array<ArrayBuffer>;
  readonly agree: Agree;
  /** Hexadecimal, as it is sent. */
  readonly publicKey: string;
}

export const newRoundKeys = (randomness: Randomness): RoundKeys => roundKeysOf(randomness.bytes(32));

/** @param secret 32 bytes. */
export const roundKeysOf = (secret: Uint8Array<ArrayBuffer>): RoundKeys => ({
  secret,
  agree: agreeing(secret),
  publicKey: publicKeyOf(secret),
});

export const publicKeyOf = (secret: Uint8Array): string => bytesToHex(x25519.getPublicKey(secret));

/** What one secret key agrees on with a public key; 32 bytes. */
export type Agree = (publicKey: string) => Promise<Uint8Array<ArrayBuffer>>;

/**
 * Agreements of one secret key, each computed once however often it is asked for: by WebCrypto, ten times as fast,
 * where it has X25519, else by @noble/curves.
 * @throws (the result) `wrong-roster` for a public key of low order, by which anybody would know what is agreed on.
 */
export function agreeing(secret: Uint8Array<ArrayBuffer>, native = true): Agree {
  const imported = native ? importSecret(secret) : Promise.resolve(null);
  const known = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();
  const compute = async (publicKey: string) => {
    const key = await imported;
    try {
      const raw = hexToBytes(publicKey);
      return key === null ? x25519.getSharedSecret(secret, raw) : await deriveFrom(key, raw);
    } catch (error) {
      throw new StrataError(
        'wrong-roster',
        `${publicKey} is no public key that a secret can be agreed on with.`,
        'The round is left out; the next one has new keys.',
        { cause: error },
      );
    }
  };
  return (publicKey) => {
    const before = known.get(publicKey);
    if (before !== undefined) return before;
    const agreed = compute(publicKey);
    known.set(publicKey, agreed);
    return agreed;
  };
}

/** What stands before the 32 bytes of an X25519 key in PKCS #8 (RFC 8410). */
const pkcs8 = hexToBytes('302e020100300506032b656e04220420');

/** Null where WebCrypto has no X25519. */
async function importSecret(secret: Uint8Array): Promise<CryptoKey | null> {
  try {
    const bytes = concatBytes(pkcs8, secret);
    return await crypto.subtle.importKey('pkcs8', bytes, { name: 'X25519' }, false, ['deriveBits']);
  } catch {
    return null;
  }
}

async function deriveFrom(
  key: CryptoKey,
  publicKey: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const other = await crypto.subtle.importKey('raw', publicKey, { name: 'X25519' }, false, []);
  const agreed = new Uint8Array(await crypto.subtle.deriveBits({ name: 'X25519', public: other }, key, 256));
  if (agreed.every((byte) => byte === 0)) throw new Error('The public key is of low order.');
  return agreed;
}

/**
 * The seed of the mask of one vector between two participants; 32 bytes.
 * @param context 32 bytes.
 */
export const maskSeed = (agreed: Uint8Array, context: Uint8Array, vector: string): Uint8Array<ArrayBuffer> =>
  derived(agreed, 'strata/secagg/1|', context, vector);

/** The key under which `from` encrypts shares for `to`; another one for the other direction. 32 bytes. */
export const envelopeKey = (
  agreed: Uint8Array,
  context: Uint8Array,
  from: string,
  to: string,
): Uint8Array<ArrayBuffer> => derived(agreed, 'strata/secagg-shares/1|', context, `${from}|${to}`);

function derived(
  agreed: Uint8Array,
  purpose: string,
  context: Uint8Array,
  name: string,
): Uint8Array<ArrayBuffer> {
  const info = concatBytes(utf8ToBytes(purpose), context, utf8ToBytes(`|${name}`));
  return hkdf(sha256, agreed, undefined, info, 32);
}
