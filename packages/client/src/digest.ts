import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

/**
 * SHA-256 in hex, by the browser where it does so. A page from plain http (a phone on the same network as the
 * server) gets no `crypto.subtle`; then JavaScript does it, about ten times slower.
 */
export async function sha256Hex(
  bytes: Uint8Array<ArrayBuffer>,
  subtle: SubtleCrypto | null = crypto.subtle ?? null,
): Promise<string> {
  if (subtle === null) return bytesToHex(sha256(bytes));
  return bytesToHex(new Uint8Array(await subtle.digest('SHA-256', bytes)));
}
