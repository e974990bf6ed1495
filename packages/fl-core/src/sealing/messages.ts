import { z } from 'zod';
import { PublicIdentity } from '../signing/messages.ts';

/** What participants and server tell each other in a sealed exchange. Bytes are hexadecimal. */

const Hex = (bytes: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`), `${bytes} bytes, hexadecimal`);
const AnyHex = z.string().regex(/^([0-9a-f]{2})+$/);
const Name = z.string().min(1).max(128);
/** As the ids of clients are: none that means something to JavaScript's objects before it is theirs. */
const Client = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/);

/** What a message has under a name of its own; nothing of what every object has, such as `constructor`. */
export const entryOf = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;

/** What an exchange is of, the same for everybody in it. All of it is bound into every key. */
export const Exchange = z.object({
  run: z.string().min(1).max(64),
  round: z.number().int().min(1),
  /** Which exchange of the round, so that no two have the same context. */
  part: z.enum(['scores', 'update', 'metrics']),
  /** Hash of the checkpoint's manifest: all layers with their hashes. */
  checkpoint: Hex(32),
  /** Hash of the run's configuration. */
  config: Hex(32),
  /** Hash of all else that everybody's words follow from, such as how they are rounded. */
  terms: Hex(32),
  /** Least number of participants whose sum may be seen. */
  atLeast: z.number().int().min(2).max(10_000),
  /** The vectors that may be summed, and how many words each has. */
  vectors: z.record(Name, z.number().int().min(1).max(0x7fffffff)),
});
export type Exchange = z.infer<typeof Exchange>;

/** "I have trained, and take part with these keys." Nothing of the update is in it. */
export const Ready = z.object({
  client: Client,
  identity: PublicIdentity,
  /** X25519. Of `masks` the server may learn the secret half, when the participant is lost; of `shares` never. */
  keys: z.object({ masks: Hex(32), shares: Hex(32) }),
  /** What it has words for. */
  vectors: z.array(Name).max(1000),
  /** By `identity`, of the exchange and all else in here. */
  signature: Hex(64),
});
export type Ready = z.infer<typeof Ready>;

/** Who takes part, in the order of their ids. */
export const Roster = z.object({ exchange: Exchange, members: z.array(Ready).max(10_000) });
export type Roster = z.infer<typeof Roster>;

export const Envelope = z.object({ iv: Hex(12), text: AnyHex.max(100_000) });
export type Envelope = z.infer<typeof Envelope>;

/** A participant's secrets in shares, one envelope for each who keeps some. */
export const Shared = z.object({
  client: Client,
  /** By which the server knows the seed of a vector, once it has put it together. */
  commitments: z.record(Name, Hex(32)),
  envelopes: z.record(Client, Envelope),
});
export type Shared = z.infer<typeof Shared>;

/** Who is left when shares are out, and the envelopes for one of them, by sender. */
export const Inbox = z.object({
  participants: z.array(Client).max(10_000),
  envelopes: z.record(Client, Envelope),
});
export type Inbox = z.infer<typeof Inbox>;

/** Of the participants: whose masked words have come. All others are lost. */
export const Survivors = z.object({ survivors: z.array(Client).max(10_000) });
export type Survivors = z.infer<typeof Survivors>;

/** The shares that one participant gives back: of each other either seeds or the key, never both. */
export const Released = z.object({
  client: Client,
  /** Of who survived: shares of its seeds, by vector. */
  seeds: z.record(Client, z.record(Name, Hex(33))),
  /** Of who was lost: the share of its key. */
  keys: z.record(Client, Hex(33)),
});
export type Released = z.infer<typeof Released>;
