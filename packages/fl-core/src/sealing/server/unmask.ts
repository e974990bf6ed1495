import { hexToBytes } from '@noble/hashes/utils.js';
import { StrataError } from '../../error.ts';
import { type Agree, agreeing, maskSeed, publicKeyOf } from '../keys/agreement.ts';
import { addMasks, addWords, type Mask } from '../keys/mask-stream.ts';
import { combined, commitment } from '../keys/shares.ts';
import { entryOf, type Released, type Shared } from '../messages.ts';
import { type Participation, signOf } from '../plan.ts';

/** What came of one vector: the sum over who is left, or nothing, because they are too few. */
export type Sum =
  | { readonly kind: 'open'; readonly members: readonly string[]; readonly words: Int32Array<ArrayBuffer> }
  | { readonly kind: 'closed'; readonly members: number };

export interface Unmasking {
  readonly participation: Participation;
  /** Whose masked words have come. */
  readonly survivors: readonly string[];
  /** With the commitments of who is left. */
  readonly shared: ReadonlyMap<string, Shared>;
  readonly released: readonly Released[];
  /** The masked words of one survivor; read once a vector. */
  read(client: string, vector: string): Int32Array | Promise<Int32Array>;
}

/**
 * The sum of every vector of which enough members are left, modulo 2^32. Memory is that of one sum and one vector.
 * @throws `too-few-shares` where a secret that is needed cannot be put together, and nothing is opened then.
 */
export async function unmask(unmasking: Unmasking): Promise<ReadonlyMap<string, Sum>> {
  const { participation, survivors } = unmasking;
  const { plan } = participation;
  const left = plan.among([...survivors].sort());
  const seeds = await seedsOf(unmasking, left);
  const keys = await keysOf(unmasking, left);
  const sums = new Map<string, Sum>();
  for (const vector of plan.vectors) {
    const members = left.group(vector);
    if (members.length === 0) {
      const present = plan.group(vector).filter((client) => left.has(client)).length;
      sums.set(vector, { kind: 'closed', members: present });
      continue;
    }
    const words = new Int32Array(plan.exchange.vectors[vector]!);
    for (const client of members) addWords(words, await unmasking.read(client, vector));
    await addMasks(words, [
      ...members.map((client) => async () => ({
        seed: seeds.get(seedName(client, vector))!,
        sign: -1 as const,
      })),
      ...masksOfLost(participation, vector, members, keys),
    ]);
    sums.set(vector, { kind: 'open', members, words });
  }
  return sums;
}

/** What is left in a sum of the masks that its members had in common with those who are lost. */
function masksOfLost(
  participation: Participation,
  vector: string,
  members: readonly string[],
  keys: ReadonlyMap<string, Agree>,
): (() => Promise<Mask>)[] {
  const { plan } = participation;
  return [...keys].flatMap(([lost, agree]) =>
    participation
      .maskedWith(vector, lost)
      .filter((other) => members.includes(other))
      .map((other) => async () => {
        const agreed = await agree(plan.member(other).keys.masks);
        const sign = signOf(other, lost) === 1 ? -1 : 1;
        return { seed: maskSeed(agreed, plan.context, vector), sign };
      }),
  );
}

const seedName = (client: string, vector: string): string => `${client}|${vector}`;

/** b_il of every survivor's open vectors. */
async function seedsOf(
  { released, shared }: Unmasking,
  left: Participation,
): Promise<ReadonlyMap<string, Uint8Array<ArrayBuffer>>> {
  const { context, sharing } = left.plan;
  const seeds = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const client of left.participants) {
    for (const vector of left.vectorsOf(client)) {
      const shares = released.flatMap((r) => entryOf(entryOf(r.seeds, client) ?? {}, vector) ?? []);
      const seed = await putTogether(shares, sharing.threshold, `${client}'s seed of ${vector}`);
      if (commitment(seed, context, vector) !== entryOf(shared.get(client)?.commitments ?? {}, vector))
        throw wrongShares(`${client}'s seed of ${vector}`);
      seeds.set(seedName(client, vector), seed);
    }
  }
  return seeds;
}

/** What the secret of the masks agrees on, of everybody who is lost and has masks in a sum that is opened. */
async function keysOf(
  { participation, released }: Unmasking,
  left: Participation,
): Promise<ReadonlyMap<string, Agree>> {
  const { plan } = participation;
  const keys = new Map<string, Agree>();
  for (const lost of participation.participants) {
    if (left.has(lost) || !participation.isMissed(lost, left)) continue;
    const shares = released.flatMap((r) => entryOf(r.keys, lost) ?? []);
    const key = await putTogether(shares, plan.sharing.threshold, `${lost}'s key`);
    if (publicKeyOf(key) !== plan.member(lost).keys.masks) throw wrongShares(`${lost}'s key`);
    keys.set(lost, agreeing(key));
  }
  return keys;
}

async function putTogether(
  shares: readonly string[],
  threshold: number,
  what: string,
): Promise<Uint8Array<ArrayBuffer>> {
  if (shares.length < threshold) {
    throw new StrataError(
      'too-few-shares',
      `${what} needs ${threshold} shares; ${shares.length} were given back.`,
      'The round is abandoned and the model stays as it was; its sums were not opened.',
    );
  }
  try {
    return await combined(shares.slice(0, threshold).map((share) => hexToBytes(share)));
  } catch (error) {
    throw wrongShares(what, { cause: error }); // two at the same place of the polynomial
  }
}

const wrongShares = (what: string, options?: ErrorOptions): StrataError =>
  new StrataError(
    'too-few-shares',
    `The shares that were given back do not make ${what}: one of them is wrong.`,
    'The round is abandoned and the model stays as it was; its sums were not opened.',
    options,
  );
