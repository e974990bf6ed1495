import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { combine, split } from 'shamir-secret-sharing';

/** Bytes of a secret, and of a share of it: one more, where on the polynomial it lies. */
export const secretBytes = 32;
export const shareBytes = secretBytes + 1;

/**
 * Shamir's shares of a 32-byte secret in GF(256), one for each holder: any `threshold` of them give it back, fewer
 * tell nothing. The library draws the polynomials from `crypto`.
 * @param holders 2 to 255.
 */
export async function shareAmong(
  secret: Uint8Array<ArrayBuffer>,
  holders: readonly string[],
  threshold: number,
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const shares = await split(secret, holders.length, threshold);
  return new Map(holders.map((holder, i) => [holder, shares[i]! as Uint8Array<ArrayBuffer>]));
}

/**
 * The secret of at least as many shares as the threshold was; of fewer, or of one that is not of it, something else:
 * whoever combines has a public key or a {@link commitment} to hold it against.
 */
export const combined = async (
  shares: readonly Uint8Array<ArrayBuffer>[],
): Promise<Uint8Array<ArrayBuffer>> => (await combine([...shares])) as Uint8Array<ArrayBuffer>;

/**
 * What a seed is recognised by once it is put together from shares. It tells nothing of the seed before, which is 32
 * random bytes.
 */
export const commitment = (seed: Uint8Array, context: Uint8Array, vector: string): string =>
  bytesToHex(
    sha256(concatBytes(utf8ToBytes('strata/secagg-seed/1|'), context, utf8ToBytes(`|${vector}|`), seed)),
  );
