import type { Identity } from '../../signing/identity.ts';
import { readyBytes } from '../context.ts';
import { newRoundKeys, type RoundKeys } from '../keys/agreement.ts';
import type { Pins } from '../keys/pins.ts';
import { deviceRandomness, type Randomness } from '../keys/randomness.ts';
import type { Exchange, Ready } from '../messages.ts';

/** What a participant knows of an exchange before it hears of the others. */
export interface Own {
  readonly exchange: Exchange;
  readonly client: string;
  readonly identity: Identity;
  /** Whom it has met before. */
  readonly pins: Pins;
  readonly randomness: Randomness;
}

/** Keys for one exchange. A server may learn the secret half of `masks`, so it must open no envelope. */
export interface OwnKeys {
  readonly masks: RoundKeys;
  readonly shares: RoundKeys;
}

export const ownOf = (
  exchange: Exchange,
  client: string,
  identity: Identity,
  pins: Pins = new Map(),
  randomness: Randomness = deviceRandomness,
): Own => ({ exchange, client, identity, pins, randomness });

/** Draws the keys of an exchange and says, signed, that the participant has words for these vectors. */
export async function prepare(
  { exchange, client, identity, randomness }: Own,
  vectors: readonly string[],
): Promise<{ keys: OwnKeys; ready: Ready }> {
  const keys = { masks: newRoundKeys(randomness), shares: newRoundKeys(randomness) };
  const unsigned = {
    client,
    identity: identity.public,
    keys: { masks: keys.masks.publicKey, shares: keys.shares.publicKey },
    vectors: [...vectors].sort(),
  };
  const signature = await identity.sign(readyBytes(exchange, unsigned));
  return { keys, ready: { ...unsigned, signature } };
}
