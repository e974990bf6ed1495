import { concatBytes } from '@noble/hashes/utils.js';
import { envelopeKey } from '../keys/agreement.ts';
import { encrypt } from '../keys/envelope.ts';
import { type Pins, pinned } from '../keys/pins.ts';
import { commitment, secretBytes, shareAmong } from '../keys/shares.ts';
import type { Envelope, Ready, Roster, Shared } from '../messages.ts';
import type { Plan } from '../plan.ts';
import { checkedPlan, wrongRoster } from '../roster-check.ts';
import type { Own, OwnKeys } from './prepare.ts';

/** The shares that one participant keeps of another's secrets; 33 bytes each. */
export interface Kept {
  readonly key: Uint8Array<ArrayBuffer>;
  readonly seeds: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

export interface Sharing {
  readonly plan: Plan;
  /** b_il, by which the participant masks each of its vectors for itself. */
  readonly seeds: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** Of its own secrets, where it keeps one. */
  readonly own: Kept | null;
  readonly message: Shared;
}

/**
 * Checks the roster, and that those whom the participant has met are who they were.
 * @throws whatever is wrong with the roster (`checkedPlan`); `wrong-key`; `wrong-roster` where the participant itself
 * is missing or changed.
 */
export async function accept(
  { client, exchange, pins }: Own,
  ready: Ready,
  roster: Roster,
): Promise<{ plan: Plan; pins: Pins }> {
  const plan = await checkedPlan(exchange, roster);
  if (!plan.has(client)) throw wrongRoster('this participant is not in it');
  if (plan.member(client).signature !== ready.signature)
    throw wrongRoster('this participant is in it with other keys');
  return { plan, pins: pinned(pins, roster.members) };
}

/**
 * Draws a seed for every vector that is masked and shares these and the secret of the masks among the holders, each
 * share encrypted for one of them.
 */
export async function share(
  { client, randomness }: Pick<Own, 'client' | 'randomness'>,
  keys: OwnKeys,
  plan: Plan,
): Promise<Sharing> {
  const vectors = plan.vectorsOf(client);
  const seeds = new Map(vectors.map((vector) => [vector, randomness.bytes(secretBytes)]));
  const holders = plan.holdersOf(client);
  const { threshold } = plan.sharing;
  const ofKey = await shareAmong(keys.masks.secret, holders, threshold);
  const ofSeeds = new Map<string, Map<string, Uint8Array<ArrayBuffer>>>();
  for (const [vector, seed] of seeds) ofSeeds.set(vector, await shareAmong(seed, holders, threshold));

  const keptBy = (holder: string): Kept => ({
    key: ofKey.get(holder)!,
    seeds: new Map(vectors.map((vector) => [vector, ofSeeds.get(vector)!.get(holder)!])),
  });
  const envelopes: Record<string, Envelope> = {};
  for (const holder of holders) {
    if (holder === client) continue;
    const agreed = await keys.shares.agree(plan.member(holder).keys.shares);
    const key = envelopeKey(agreed, plan.context, client, holder);
    const { key: ofOwnKey, seeds: ofOwnSeeds } = keptBy(holder);
    envelopes[holder] = await encrypt(key, concatBytes(ofOwnKey, ...ofOwnSeeds.values()), randomness);
  }
  const commitments = Object.fromEntries(
    [...seeds].map(([vector, seed]) => [vector, commitment(seed, plan.context, vector)]),
  );
  return {
    plan,
    seeds,
    own: holders.includes(client) ? keptBy(client) : null,
    message: { client, commitments, envelopes },
  };
}
