import { StrataError } from '../../error.ts';
import { envelopeKey, maskSeed } from '../keys/agreement.ts';
import { badEnvelope, decrypt } from '../keys/envelope.ts';
import { addMasks, type Mask } from '../keys/mask-stream.ts';
import { shareBytes } from '../keys/shares.ts';
import { entryOf, type Inbox } from '../messages.ts';
import { type Participation, type Plan, signOf } from '../plan.ts';
import { smallGroup, wrongRoster } from '../roster-check.ts';
import type { OwnKeys } from './prepare.ts';
import type { Kept, Sharing } from './share.ts';

/** The words of each vector. */
export type Vectors = ReadonlyMap<string, Int32Array>;

/** What a participant knows when shares are out: who is left, and the shares that it keeps, by whose they are. */
export interface Opened {
  readonly participation: Participation;
  readonly kept: ReadonlyMap<string, Kept>;
}

/**
 * Opens the envelopes of who is left.
 * @throws `wrong-roster`, `small-group`, `bad-envelope`.
 */
export async function openInbox(
  client: string,
  keys: OwnKeys,
  { plan, own }: Pick<Sharing, 'plan' | 'own'>,
  inbox: Inbox,
): Promise<Opened> {
  const participation = participationOf(plan, client, inbox.participants);
  const kept = new Map<string, Kept>(own === null ? [] : [[client, own]]);
  for (const from of participation.participants) {
    if (from === client || !plan.holdersOf(from).includes(client)) continue;
    kept.set(from, await openEnvelope(client, keys, plan, inbox, from));
  }
  return { participation, kept };
}

/**
 * Masks every vector that has enough members: y_il = q_il + PRG(b_il) + sum over j of (+/-) PRG(s_ij,l) modulo 2^32.
 * @param words q, of all vectors that the participant said it has words for; not changed.
 * @throws `bad-update` for a vector that is missing or of another length.
 */
export async function mask(
  client: string,
  keys: OwnKeys,
  { plan, seeds }: Pick<Sharing, 'plan' | 'seeds'>,
  participation: Participation,
  words: Vectors,
): Promise<Vectors> {
  const masked = new Map<string, Int32Array>();
  for (const vector of participation.vectorsOf(client)) {
    const masking = Int32Array.from(wordsOf(plan, vector, words));
    const shared = participation.maskedWith(vector, client).map((other) => async (): Promise<Mask> => {
      const agreed = await keys.masks.agree(plan.member(other).keys.masks);
      return { seed: maskSeed(agreed, plan.context, vector), sign: signOf(client, other) };
    });
    await addMasks(masking, [async () => ({ seed: seeds.get(vector)!, sign: 1 }), ...shared]);
    masked.set(vector, masking);
  }
  return masked;
}

function participationOf(plan: Plan, client: string, participants: readonly string[]): Participation {
  const stranger = participants.find((p) => !plan.has(p));
  if (stranger !== undefined) throw wrongRoster(`${stranger} was not in it before`);
  for (const [i, participant] of participants.entries()) {
    const before = participants[i - 1];
    if (before !== undefined && before >= participant) throw wrongRoster(`${participant} follows ${before}`);
  }
  if (!participants.includes(client)) throw wrongRoster('this participant is not in it any more');
  const { atLeast } = plan.exchange;
  if (participants.length < atLeast)
    throw smallGroup('have shared their secrets', participants.length, atLeast);
  const participation = plan.among(participants);
  if (participation.vectors.length === 0) throw smallGroup('are left of any one vector', 0, atLeast);
  return participation;
}

async function openEnvelope(
  client: string,
  keys: OwnKeys,
  plan: Plan,
  { envelopes }: Inbox,
  from: string,
): Promise<Kept> {
  const envelope = entryOf(envelopes, from);
  if (envelope === undefined) throw wrongRoster(`the shares of ${from} are missing`);
  const agreed = await keys.shares.agree(plan.member(from).keys.shares);
  const plain = await decrypt(envelopeKey(agreed, plan.context, from, client), envelope, from);
  const vectors = plan.vectorsOf(from);
  if (plain.length !== shareBytes * (1 + vectors.length)) throw badEnvelope(from);
  const piece = (i: number) => plain.slice(i * shareBytes, (i + 1) * shareBytes);
  return { key: piece(0), seeds: new Map(vectors.map((vector, i) => [vector, piece(i + 1)])) };
}

function wordsOf(plan: Plan, vector: string, words: Vectors): Int32Array {
  const own = words.get(vector);
  const length = plan.exchange.vectors[vector]!;
  if (own?.length === length) return own;
  throw new StrataError(
    'bad-update',
    `${vector} has ${own?.length ?? 'no'} words instead of ${length}.`,
    'This is a fault in Strata; please report it.',
  );
}
