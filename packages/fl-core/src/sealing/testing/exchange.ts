import { type Identity, identityOf, newIdentityKeys } from '../../signing/identity.ts';
import { deviceRandomness } from '../keys/randomness.ts';
import { Journal } from '../member/journal.ts';
import { mask, type Opened, openInbox, type Vectors } from '../member/mask.ts';
import { Member } from '../member/member.ts';
import { type OwnKeys, ownOf, prepare } from '../member/prepare.ts';
import { release } from '../member/release.ts';
import { type Sharing, share } from '../member/share.ts';
import type { Exchange, Ready, Released, Shared } from '../messages.ts';
import { type Participation, Plan } from '../plan.ts';
import { inboxOf, rosterOf } from '../server/gather.ts';
import { type Sum, type Unmasking, unmask } from '../server/unmask.ts';

export const exchangeOf = (more: Partial<Exchange> = {}): Exchange => ({
  run: 'run',
  round: 1,
  part: 'update',
  checkpoint: 'aa'.repeat(32),
  config: 'bb'.repeat(32),
  terms: 'dd'.repeat(32),
  atLeast: 2,
  vectors: { head: 33 },
  ...more,
});

export async function someIdentity(): Promise<Identity> {
  return identityOf(await newIdentityKeys());
}

/** c000, c001 ...: the order of ids is that of numbers. */
export const clientName = (i: number): string => `c${String(i).padStart(3, '0')}`;

/** What each participant has to say, by its id. */
export type Speakers = ReadonlyMap<string, Vectors>;

/** An exchange up to the masked words, with what every participant knows, which nobody else ever sees. */
export interface Played {
  readonly participation: Participation;
  readonly keys: ReadonlyMap<string, OwnKeys>;
  readonly sharing: ReadonlyMap<string, Sharing>;
  readonly opened: ReadonlyMap<string, Opened>;
  readonly masked: ReadonlyMap<string, Vectors>;
}

/**
 * Up to the masked words of everybody who is not `silent` when shares are exchanged.
 * @param threshold of shares; else the product's.
 */
export async function playToMasks(
  exchange: Exchange,
  speakers: Speakers,
  { threshold, silent = [] }: { threshold?: number; silent?: readonly string[] } = {},
): Promise<Played> {
  const keys = new Map<string, OwnKeys>();
  const ready: Ready[] = [];
  for (const [client, vectors] of speakers) {
    const prepared = await prepare(ownOf(exchange, client, await someIdentity()), [...vectors.keys()]);
    keys.set(client, prepared.keys);
    ready.push(prepared.ready);
  }
  const usual = await rosterOf(exchange, ready);
  const plan = threshold === undefined ? usual : new Plan(usual.roster, { ...usual.sharing, threshold });
  const sharing = new Map<string, Sharing>();
  for (const client of plan.clients) {
    if (silent.includes(client)) continue;
    sharing.set(client, await share({ client, randomness: deviceRandomness }, keys.get(client)!, plan));
  }
  const shared = messagesOf(sharing);
  const opened = new Map<string, Opened>();
  const masked = new Map<string, Vectors>();
  for (const [client, own] of sharing) {
    const ownKeys = keys.get(client)!;
    const inbox = await openInbox(client, ownKeys, own, inboxOf(plan, shared, client));
    opened.set(client, inbox);
    masked.set(client, await mask(client, ownKeys, own, inbox.participation, speakers.get(client)!));
  }
  return { participation: plan.among([...sharing.keys()]), keys, sharing, opened, masked };
}

const messagesOf = (sharing: Played['sharing']): ReadonlyMap<string, Shared> =>
  new Map([...sharing].map(([client, { message }]) => [client, message]));

/** What one participant gives back, as if it had never been asked before. */
export const releasedBy = (played: Played, client: string, survivors: readonly string[]): Released =>
  release(client, played.opened.get(client)!, { survivors: [...survivors] }, new Journal());

/** What the server reads to open the sums for these survivors. */
export const unmaskingOf = (
  { participation, sharing, masked }: Played,
  survivors: readonly string[],
  released: readonly Released[],
): Unmasking => ({
  participation,
  survivors,
  shared: messagesOf(sharing),
  released,
  read: (client, vector) => masked.get(client)!.get(vector)!,
});

/**
 * The whole exchange by whole members; `lost` share their secrets and then send nothing.
 * @param between what becomes of each member before each of its steps, such as a reload of its page.
 */
export async function playExchange(
  exchange: Exchange,
  speakers: Speakers,
  lost: readonly string[] = [],
  between: (member: Member, identity: Identity) => Promise<Member> = async (member) => member,
): Promise<ReadonlyMap<string, Sum>> {
  const members = new Map<string, Member>();
  const identities = new Map<string, Identity>();
  for (const [client, vectors] of speakers) {
    const identity = await someIdentity();
    identities.set(client, identity);
    members.set(client, await Member.prepare(exchange, client, [...vectors.keys()], identity));
  }
  const next = async (client: string): Promise<Member> => {
    const member = await between(members.get(client)!, identities.get(client)!);
    members.set(client, member);
    return member;
  };
  const plan = await rosterOf(
    exchange,
    [...members.values()].map((m) => m.ready),
  );
  const shared = new Map<string, Shared>();
  for (const client of plan.clients)
    shared.set(client, (await (await next(client)).share(plan.roster)).shared);
  const masked = new Map<string, Vectors>();
  const survivors = plan.clients.filter((client) => !lost.includes(client));
  for (const client of survivors) {
    const inbox = inboxOf(plan, shared, client);
    masked.set(client, await (await next(client)).mask(inbox, speakers.get(client)!));
  }
  const released: Released[] = [];
  for (const client of survivors) released.push(await (await next(client)).release({ survivors }));
  const participation = plan.among(plan.clients);
  const read = (client: string, vector: string) => masked.get(client)!.get(vector)!;
  return unmask({ participation, survivors, shared, released, read });
}

/** The sum of these participants' words of a vector modulo 2^32, by whole numbers alone. */
export function plainSum(speakers: Speakers, vector: string, clients: readonly string[]): Int32Array {
  const rows = clients.flatMap((client) => speakers.get(client)?.get(vector) ?? []);
  const sumAt = (k: number) => rows.reduce((sum, row) => sum + BigInt(row[k]!), 0n);
  return Int32Array.from(rows[0] ?? [], (_, k) => Number(BigInt.asIntN(32, sumAt(k))));
}
