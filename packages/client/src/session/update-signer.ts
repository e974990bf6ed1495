import { StrataError } from '@strata/fl-core/protocol';
import type { Identity } from '@strata/fl-core/signing';
import { sha256Hex } from '../digest.ts';
import type { KeptSecrets } from '../sealed/secrets.ts';

/** What signs a client's updates. */
export interface UpdateSigner {
  /** One line for the header of the upload; null where this device has no key. */
  sign(round: number, update: Uint8Array<ArrayBuffer>): Promise<string | null>;
}

/**
 * Signs a client's updates with the key that its device keeps for it, by code that comes with the first of them. A device
 * without WebCrypto (a page from plain http), or with no algorithm of ours, has no key: what it sends is not signed.
 * @param name of the client in its run, as sealed rounds have it: it is one key.
 * @param keyed hears the public key, in hexadecimal.
 */
export function updateSigner(
  { run, client }: { readonly run: string; readonly client: string },
  secrets: Pick<KeptSecrets, 'identity'>,
  keyed: (key: string) => void,
): UpdateSigner {
  let known: Promise<Identity | null> | null = null;
  const identity = async (): Promise<Identity | null> => {
    if (crypto.subtle === undefined) return null;
    const { identityOf } = await import('@strata/fl-core/signing');
    try {
      const own = await identityOf(await secrets.identity(`${run} ${client}`));
      keyed(own.public.key);
      return own;
    } catch (error) {
      if (error instanceof StrataError && error.code === 'unavailable') return null;
      throw new StrataError(
        'wrong-key',
        `This device cannot use the key that it signs with: ${error instanceof Error ? error.message : error}`,
        'Join again as a new participant.',
        { cause: error },
      );
    }
  };
  return {
    async sign(round, update) {
      known ??= identity();
      known.catch(() => {
        known = null; // it may be had the next time
      });
      const own = await known;
      if (own === null) return null;
      const { signUpdate } = await import('@strata/fl-core/signing');
      const { signatureText } = await import('@strata/fl-core/signing/messages');
      return signatureText(await signUpdate(own, { run, round, client, sha256: await sha256Hex(update) }));
    },
  };
}
