import { StrataError } from '../../error.ts';
import type { Identity } from '../../signing/identity.ts';
import { digestOf } from '../context.ts';
import { roundKeysOf } from '../keys/agreement.ts';
import type { Pins } from '../keys/pins.ts';
import type { Randomness } from '../keys/randomness.ts';
import type { Exchange, Inbox, Ready, Released, Roster, Shared, Survivors } from '../messages.ts';
import { Plan } from '../plan.ts';
import { Journal } from './journal.ts';
import { mask, type Opened, openInbox, type Vectors } from './mask.ts';
import { type Own, type OwnKeys, ownOf, prepare } from './prepare.ts';
import { release } from './release.ts';
import { accept, type Sharing, share } from './share.ts';

/** A step that has been taken: what it was asked, by digest, and what came of it. */
interface Taken<T> {
  readonly asked: string;
  /** It was refused, so that nothing was sent: the participant may be asked for something else. */
  failed: boolean;
  readonly result: Promise<T>;
}

/**
 * All that a participant must not forget of an exchange, as plain values for IndexedDB: secrets, and what it was asked
 * and has said, so that it never says anything else about the same words.
 */
export interface KeptMember {
  readonly exchange: Exchange;
  readonly ready: Ready;
  /** The secret halves. */
  readonly keys: { readonly masks: Uint8Array<ArrayBuffer>; readonly shares: Uint8Array<ArrayBuffer> };
  readonly sharing: (Pick<Sharing, 'seeds' | 'own' | 'message'> & { readonly roster: Roster }) | null;
  readonly masking: { readonly inbox: Inbox; readonly masked: Vectors } | null;
  readonly releasing: { readonly survivors: Survivors; readonly released: Released } | null;
}

/**
 * One participant in one sealed exchange: ready, then shares, then masked words, then the shares of others. Each step
 * is taken once. Asked for the same again it says the same again; asked for something else it refuses, since two
 * answers about the same words could uncover them.
 */
export class Member {
  readonly ready: Ready;
  readonly #own: Own;
  readonly #keys: OwnKeys;
  readonly #journal = new Journal();
  #sharing: Taken<Sharing & { readonly pins: Pins }> | null = null;
  #masking: Taken<Opened & { readonly masked: Vectors }> | null = null;
  #releasing: Taken<Released> | null = null;

  #kept: KeptMember;

  private constructor(own: Own, keys: OwnKeys, kept: KeptMember) {
    this.#own = own;
    this.#keys = keys;
    this.#kept = kept;
    this.ready = kept.ready;
  }

  /** As it stands: to be kept before what the newest step gave is sent, and given to {@link Member.restore}. */
  get kept(): KeptMember {
    return this.#kept;
  }

  /**
   * @param exchange as this participant knows it from its own work, not as the server says it.
   * @param vectors that it will have words for.
   */
  static async prepare(
    exchange: Exchange,
    client: string,
    vectors: readonly string[],
    identity: Identity,
    pins?: Pins,
    randomness?: Randomness,
  ): Promise<Member> {
    const own = ownOf(exchange, client, identity, pins, randomness);
    const { keys, ready } = await prepare(own, vectors);
    const secrets = { masks: keys.masks.secret, shares: keys.shares.secret };
    const nothing = { sharing: null, masking: null, releasing: null };
    return new Member(own, keys, { exchange, ready, keys: secrets, ...nothing });
  }

  /** The same participant again: asked for what it has said, it says the same, and refuses all else. */
  static async restore(kept: KeptMember, identity: Identity, pins?: Pins): Promise<Member> {
    const { exchange, ready, sharing, masking, releasing } = kept;
    const own = ownOf(exchange, ready.client, identity, pins);
    const keys = { masks: roundKeysOf(kept.keys.masks), shares: roundKeysOf(kept.keys.shares) };
    const member = new Member(own, keys, kept);
    if (sharing === null) return member;
    const plan = new Plan(sharing.roster);
    member.#sharing = done(sharing.roster, { ...sharing, plan, pins: own.pins });
    if (masking === null) return member;
    const opened = await openInbox(ready.client, keys, { ...sharing, plan }, masking.inbox);
    member.#masking = done(masking.inbox, { ...opened, masked: masking.masked });
    if (releasing === null) return member;
    const { seeds, keys: ofKeys } = releasing.released;
    for (const client of Object.keys(seeds)) member.#journal.release(client, 'seeds');
    for (const client of Object.keys(ofKeys)) member.#journal.release(client, 'key');
    member.#releasing = done(releasing.survivors, releasing.released);
    return member;
  }

  /**
   * @returns what is to be sent, and whom it has met by now.
   * @throws as `accept`; `already-answered` for another roster than before.
   */
  async share(roster: Roster): Promise<{ shared: Shared; pins: Pins }> {
    this.#sharing = once(this.#sharing, roster, 'shares', async () => {
      const { plan, pins } = await accept(this.#own, this.ready, roster);
      const sharing = await share(this.#own, this.#keys, plan);
      const { seeds, own, message } = sharing;
      this.#kept = { ...this.#kept, sharing: { roster, seeds, own, message } };
      return { ...sharing, pins };
    });
    const { message, pins } = await this.#sharing.result;
    return { shared: message, pins };
  }

  /** @throws as `openInbox` and `mask`; `already-answered` for another inbox than before; `wrong-phase` before there are shares. */
  async mask(inbox: Inbox, words: Vectors): Promise<Vectors> {
    const sharing = await taken(this.#sharing, 'a roster').result;
    this.#masking = once(this.#masking, inbox, 'masked words', async () => {
      const { client } = this.#own;
      const opened = await openInbox(client, this.#keys, sharing, inbox);
      const masked = await mask(client, this.#keys, sharing, opened.participation, words);
      this.#kept = { ...this.#kept, masking: { inbox, masked } };
      return { ...opened, masked };
    });
    return (await this.#masking.result).masked;
  }

  /** @throws as `release`; `already-answered` for other survivors than before; `wrong-phase` before anything was masked. */
  async release(survivors: Survivors): Promise<Released> {
    const masking = await taken(this.#masking, 'an inbox').result;
    this.#releasing = once(this.#releasing, survivors, 'the shares of others', async () => {
      const released = release(this.#own.client, masking, survivors, this.#journal);
      this.#kept = { ...this.#kept, releasing: { survivors, released } };
      return released;
    });
    return this.#releasing.result;
  }
}

function once<T>(before: Taken<T> | null, asked: unknown, what: string, step: () => Promise<T>): Taken<T> {
  const digest = digestOf(asked);
  if (before === null || before.failed) {
    const begun: Taken<T> = { asked: digest, failed: false, result: step() };
    begun.result.catch(() => {
      begun.failed = true;
    });
    return begun;
  }
  if (before.asked === digest) return before;
  throw new StrataError(
    'already-answered',
    `This participant has sent ${what} in this exchange, and is asked for others.`,
    'The round is left out; ask who runs the study.',
  );
}

const done = <T>(asked: unknown, result: T): Taken<T> => ({
  asked: digestOf(asked),
  failed: false,
  result: Promise.resolve(result),
});

function taken<T>(step: Taken<T> | null, before: string): Taken<T> {
  if (step !== null) return step;
  throw new StrataError(
    'wrong-phase',
    `There was not yet ${before}.`,
    'Ask for your work and go on with that.',
  );
}
