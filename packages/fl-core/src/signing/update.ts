import { type Identity, isSignedBy } from './identity.ts';
import type { UpdateSignature } from './messages.ts';

/** What a participant says by its signature: that in this round it sent these bytes, and no others. */
export interface SentUpdate {
  readonly run: string;
  readonly round: number;
  readonly client: string;
  /** Of the file as it was sent, in hexadecimal. */
  readonly sha256: string;
}

/** What is signed, as UTF-8: none of its parts holds a blank, so that no two updates have the same. */
export const updateStatement = ({ run, round, client, sha256 }: SentUpdate): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(`strata/update/1 ${run} ${round} ${client} ${sha256}`);

export const signUpdate = async (identity: Identity, sent: SentUpdate): Promise<UpdateSignature> => ({
  ...identity.public,
  signature: await identity.sign(updateStatement(sent)),
});

/** Whether the signature is of this update, by the key that it names. */
export const isUpdateSigned = (signature: UpdateSignature, sent: SentUpdate): Promise<boolean> =>
  isSignedBy(signature, signature.signature, updateStatement(sent));
