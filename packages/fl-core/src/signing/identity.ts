import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { StrataError } from '../error.ts';
import type { PublicIdentity } from './messages.ts';

/** Who a participant is over the rounds of a run: a signing key whose secret half cannot be read, only used. */
export interface Identity {
  readonly public: PublicIdentity;
  /** The signature, in hexadecimal. */
  sign(bytes: Uint8Array<ArrayBuffer>): Promise<string>;
}

/** The same as WebCrypto's own key pair, which IndexedDB keeps as it is. */
export interface IdentityKeys {
  readonly algorithm: PublicIdentity['algorithm'];
  readonly pair: CryptoKeyPair;
}

const generating = {
  ed25519: { name: 'Ed25519' },
  'p-256': { name: 'ECDSA', namedCurve: 'P-256' },
} as const;
const signing = { ed25519: { name: 'Ed25519' }, 'p-256': { name: 'ECDSA', hash: 'SHA-256' } } as const;

/** Ed25519, or ECDSA on P-256 where a browser does not have it; not extractable, but for who keeps keys in a file. */
export async function newIdentityKeys(
  algorithms: readonly PublicIdentity['algorithm'][] = ['ed25519', 'p-256'],
  extractable = false,
): Promise<IdentityKeys> {
  let refusal: unknown = null;
  for (const algorithm of algorithms) {
    try {
      const pair = await crypto.subtle.generateKey(generating[algorithm], extractable, ['sign', 'verify']);
      return { algorithm, pair };
    } catch (error) {
      refusal = error;
    }
  }
  throw new StrataError(
    'unavailable',
    'This browser has no key that could sign: neither Ed25519 nor P-256.',
    'Open the page over HTTPS, in a current browser.',
    { cause: refusal },
  );
}

/** A signing key for a file, in hexadecimal: PKCS #8, and the public half as it is sent. */
export interface IdentityFile extends PublicIdentity {
  readonly secret: string;
}

/** @param keys that are extractable. */
export async function exportIdentity(keys: IdentityKeys): Promise<IdentityFile> {
  const secret = bytesToHex(new Uint8Array(await crypto.subtle.exportKey('pkcs8', keys.pair.privateKey)));
  return { ...(await identityOf(keys)).public, secret };
}

/** Rejects for what is no key. */
export async function importIdentity({ algorithm, key, secret }: IdentityFile): Promise<IdentityKeys> {
  const how = generating[algorithm];
  const privateKey = await crypto.subtle.importKey('pkcs8', hexToBytes(secret), how, false, ['sign']);
  const publicKey = await crypto.subtle.importKey('raw', hexToBytes(key), how, true, ['verify']);
  return { algorithm, pair: { privateKey, publicKey } };
}

export async function identityOf({ algorithm, pair }: IdentityKeys): Promise<Identity> {
  const key = bytesToHex(new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)));
  return {
    public: { algorithm, key },
    sign: async (bytes) =>
      bytesToHex(new Uint8Array(await crypto.subtle.sign(signing[algorithm], pair.privateKey, bytes))),
  };
}

/** Whether `signature` is of `bytes` and by the secret half of this key. */
export async function isSignedBy(
  { algorithm, key }: PublicIdentity,
  signature: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  try {
    const imported = await crypto.subtle.importKey('raw', hexToBytes(key), generating[algorithm], false, [
      'verify',
    ]);
    return await crypto.subtle.verify(signing[algorithm], imported, hexToBytes(signature), bytes);
  } catch {
    return false; // no point of the curve
  }
}
