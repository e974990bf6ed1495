import { StrataError } from '../../error.ts';
import type { PublicIdentity } from '../../signing/messages.ts';

/** The identity keys that a participant has met others with, by their ids (trust on first use). */
export type Pins = ReadonlyMap<string, PublicIdentity>;

/**
 * What is known after this roster: who was met before has the same key, who is new is remembered.
 * @throws `wrong-key`
 */
export function pinned(
  known: Pins,
  members: readonly { readonly client: string; readonly identity: PublicIdentity }[],
): Pins {
  const pins = new Map(known);
  for (const { client, identity } of members) {
    const before = pins.get(client);
    if (before === undefined) pins.set(client, identity);
    else if (before.key !== identity.key || before.algorithm !== identity.algorithm) {
      throw new StrataError(
        'wrong-key',
        `${client} has another identity key than the one it was met with.`,
        'Ask who runs the study: either the participant begins anew, or somebody acts in its name.',
      );
    }
  }
  return pins;
}
