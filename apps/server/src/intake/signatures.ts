import { StrataError } from '@strata/fl-core/protocol';
import { isUpdateSigned, type SentUpdate } from '@strata/fl-core/signing';
import { signatureIn, type UpdateSignature } from '@strata/fl-core/signing/messages';
import { isClient } from '../store/rows.ts';
import { clients } from '../store/schema.ts';
import type { Queryable } from '../store/store.ts';

/** Updates that their participants sign: a key is a client's from its first signed update on. */

/** What the header of an upload says. Throws `wrong-signature`. */
export function signatureOf(header: string | null): UpdateSignature | null {
  if (header === null) return null;
  const signature = signatureIn(header);
  if (signature !== null) return signature;
  throw new StrataError(
    'wrong-signature',
    'What stands beside this update is no signature.',
    'Reload the page; it may be of another version.',
  );
}

/** Throws `wrong-signature` where the key that is named has not signed this update. */
export async function checkSignature(signature: UpdateSignature | null, sent: SentUpdate): Promise<void> {
  if (signature === null || (await isUpdateSigned(signature, sent))) return;
  throw new StrataError(
    'wrong-signature',
    'The signature is not of this update as it arrived.',
    'It is made and sent again. If this lasts, something on the way changes what is sent.',
  );
}

/**
 * Holds an update to the key that its client is known by; the first one that is signed is remembered by its key. Part of
 * the transaction that counts it. Throws `wrong-signature` or `wrong-key`.
 */
export async function holdToKey(
  tx: Queryable,
  run: string,
  client: string,
  signature: UpdateSignature | null,
): Promise<void> {
  const [row] = await tx
    .select({ known: clients.signingKey })
    .from(clients)
    .where(isClient(run, client))
    .for('update');
  const known = row?.known ?? null;
  if (signature === null) {
    if (known === null) return;
    throw new StrataError(
      'wrong-signature',
      `${client} signs its updates, and this one is not signed.`,
      'Open the page as before, over https: without, a browser lets it use no key.',
    );
  }
  const { algorithm, key } = signature;
  if (known === null) {
    await tx.update(clients).set({ signingKey: { algorithm, key } }).where(isClient(run, client));
  } else if (known.key !== key || known.algorithm !== algorithm) {
    throw new StrataError(
      'wrong-key',
      `${client} has signed with another key before.`,
      'This device has forgotten its key. Join again as a new participant.',
    );
  }
}
