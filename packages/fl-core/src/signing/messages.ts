import { z } from 'zod';

/** What a signing key and a signature are as they are sent and stored. Bytes are hexadecimal. */

const AnyHex = z.string().regex(/^([0-9a-f]{2})+$/);

export const PublicIdentity = z.object({
  algorithm: z.enum(['ed25519', 'p-256']),
  /** 32 bytes, or an uncompressed point of 65. */
  key: AnyHex.max(130),
});
export type PublicIdentity = z.infer<typeof PublicIdentity>;

/** Who has signed an update, and the signature. */
export const UpdateSignature = PublicIdentity.extend({
  /** 64 bytes, of either algorithm. */
  signature: AnyHex.length(128),
});
export type UpdateSignature = z.infer<typeof UpdateSignature>;

/** Header of an upload. */
export const updateSignatureHeader = 'x-strata-signature';

/** A signature as one line: in that header, and in the audit log. */
export const signatureText = ({ algorithm, key, signature }: UpdateSignature): string =>
  [algorithm, key, signature].join(' ');

/** The signature in a line; null where that is none. */
export function signatureIn(text: string): UpdateSignature | null {
  const [algorithm, key, signature, ...more] = text.split(' ');
  if (more.length > 0) return null;
  return UpdateSignature.safeParse({ algorithm, key, signature }).data ?? null;
}
