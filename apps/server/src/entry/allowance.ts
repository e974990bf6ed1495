import { StrataError } from '@strata/fl-core/protocol';
import type { Limits } from '../limits.ts';
import { Buckets, type Rate } from '../live/limiter.ts';
import { type Open, OpenConnections } from './open-connections.ts';

export type { Open } from './open-connections.ts';

/** Of a kind of event, for a key, so many more were counted; fewer, where they were given back. */
export type Taken = readonly [kind: string, key: string, count: number];

/** What is counted within so many milliseconds is told to other servers together. */
const gatherMs = 100;
/** So many fit into one message between servers, whatever the keys. */
const toldAtOnce = 20;

/**
 * How much one address, one run and one client may ask for, whatever connections it comes by. An address is allowed what
 * a school behind it needs, a run what all its participants need who come back at once, and one client what a tab does.
 * Nothing here reads the database: what is refused costs nothing. Servers that share one tell each other what they have
 * counted, and what is open, a tenth of a second later, so that rates and limits are those of one server; what one client says
 * comes to one of them.
 */
export class Allowance {
  readonly #open: OpenConnections;
  readonly #tell: ((taken: readonly Taken[]) => void) | null;
  /** What others are to be told, by kind and key. */
  #untold = new Map<string, Map<string, number>>();
  /** Kinds of which others are told. */
  readonly #shared = new Map<string, Buckets>();
  readonly #connections: { readonly address: Buckets; readonly run: Buckets; readonly client: Buckets };
  /** Transports, before anything is said. */
  readonly #handshakes: Buckets;
  readonly #registrations: { readonly address: Buckets; readonly run: Buckets };
  /** Every message of a client, live progress among them: cheap. */
  readonly #messages = new Buckets({ burst: 60, perSecond: 20 });
  /** Messages that ask the database. An answer that counted gives them back: rounds may be short. */
  readonly #requests = new Buckets({ burst: 30, perSecond: 0.2 });
  /** A person does not change his mind more often. */
  readonly #standings = new Buckets({ burst: 10, perSecond: 0.2 });
  /** Messages that were refused; who goes on is not listened to any more until some time has passed. */
  readonly #refusals: Buckets;
  readonly #uploads: Buckets;
  /** Wide for a name: who guesses from many addresses must not easily keep its owner out. */
  readonly #passwords: { readonly address: Buckets; readonly name: Buckets };
  readonly #guesses: Buckets;

  /**
   * @param tell tells other servers of the same database, which {@link hear} it; null where there are none.
   * @param tellOpen the same of connections that are open ({@link hearOpen}).
   */
  constructor(
    limits: Pick<Limits, 'participantsPerAddress' | 'clientsPerRun'>,
    tell: ((taken: readonly Taken[]) => void) | null = null,
    tellOpen: ((open: readonly Open[]) => void) | null = null,
  ) {
    const { participantsPerAddress: tabs, clientsPerRun: clients } = limits;
    this.#tell = tell;
    this.#open = new OpenConnections(2 * tabs, tellOpen);
    this.#handshakes = this.#share('handshakes', { burst: 4 * tabs, perSecond: tabs / 30 });
    this.#connections = {
      address: this.#share('connections of an address', { burst: 2 * tabs, perSecond: tabs / 20 }),
      run: this.#share('connections of a run', { burst: 4 * clients, perSecond: clients / 5 }),
      client: this.#share('connections of a client', { burst: 20, perSecond: 0.2 }),
    };
    this.#registrations = {
      address: this.#share('newcomers of an address', { burst: tabs, perSecond: tabs / 60 }),
      run: this.#share('newcomers of a run', { burst: 2 * clients, perSecond: clients / 20 }),
    };
    this.#refusals = this.#share('refusals', { burst: 200, perSecond: 2 });
    this.#uploads = this.#share('uploads', { burst: 10, perSecond: 0.5 });
    this.#passwords = {
      address: this.#share('passwords of an address', { burst: 10, perSecond: 0.1 }),
      name: this.#share('passwords of a name', { burst: 100, perSecond: 0.05 }),
    };
    this.#guesses = this.#share('tokens of an address', { burst: 30, perSecond: 0.5 });
  }

  /** What another server has counted. Kinds of another version are nobody's here. */
  hear(taken: readonly Taken[]): void {
    for (const [kind, key, count] of taken) this.#shared.get(kind)?.hear(key, count);
  }

  /** What another server has open, by its name. */
  hearOpen(from: string, open: readonly Open[]): void {
    this.#open.hear(from, open);
  }

  #share(kind: string, rate: Rate): Buckets {
    const note = (key: string, count: number) => this.#note(kind, key, count);
    const buckets = new Buckets(rate, this.#tell && note);
    this.#shared.set(kind, buckets);
    return buckets;
  }

  #note(kind: string, key: string, count: number): void {
    if (this.#untold.size === 0) setTimeout(() => this.#tellAll(), gatherMs).unref();
    const counts = this.#untold.get(kind) ?? new Map<string, number>();
    this.#untold.set(kind, counts);
    counts.set(key, (counts.get(key) ?? 0) + count);
  }

  #tellAll(): void {
    const all = [...this.#untold].flatMap(([kind, counts]) =>
      [...counts].flatMap(([key, count]): Taken[] => (count === 0 ? [] : [[kind, key, count]])),
    );
    this.#untold = new Map();
    for (let i = 0; i < all.length; i += toldAtOnce) this.#tell?.(all.slice(i, i + toldAtOnce));
  }

  /** Whether an address may open one more socket now; asked before there is one. */
  handshake(address: string): boolean {
    return this.#handshakes.take(address);
  }

  /** A socket is opened: whether there may be one more of this address. Give it back by {@link closed}. */
  opened(address: string): boolean {
    return this.#open.opened(address);
  }

  /** Throws `rate-limited` where an address could open no socket now; takes nothing. */
  checkRoom(address: string): void {
    if (this.#open.isFull(address) || !this.#handshakes.has(address))
      throw tooFast('Too many connections come from this network.');
  }

  closed(address: string): void {
    this.#open.closed(address);
  }

  /** Throws `rate-limited`: a client connects. */
  connect(address: string, run: string, client: string): void {
    const { address: ofAddress, run: ofRun, client: ofClient } = this.#connections;
    if (!this.#refusals.has(`${run}/${client}`))
      throw tooFast('This participant did not wait when it was told to.');
    // The narrowest first: one client that comes again and again takes nothing from its neighbours.
    if (!ofClient.take(`${run}/${client}`)) throw tooFast('This participant connects too often.');
    if (!ofAddress.take(address)) throw tooFast('Too many connections come from this network.');
    if (!ofRun.take(run)) throw tooFast('Too many participants connect to this run at once.');
  }

  /** Throws `rate-limited`: a client that the run has not seen yet. */
  register(address: string, run: string): void {
    const { address: ofAddress, run: ofRun } = this.#registrations;
    if (!ofAddress.take(address)) throw tooFast('Too many participants join from this network at once.');
    if (!ofRun.take(run)) throw tooFast('Too many participants join this run at once.');
  }

  /** Throws `rate-limited`: a client says something. */
  message(run: string, client: string): void {
    if (!this.#messages.take(`${run}/${client}`)) throw tooFast('This participant sends too many messages.');
  }

  /** A message of a client was refused: whether the next one is still listened to. */
  refused(run: string, client: string): boolean {
    return this.#refusals.take(`${run}/${client}`);
  }

  /** Throws `rate-limited`: a message that the database is asked for. */
  request(run: string, client: string): void {
    if (!this.#requests.take(`${run}/${client}`)) throw tooFast('This participant asks too often.');
  }

  /** An answer of the client counted. */
  useful(run: string, client: string): void {
    this.#requests.give(`${run}/${client}`, Number.POSITIVE_INFINITY);
  }

  /** Throws `rate-limited`: a pause, a resume or a goodbye. */
  standing(run: string, client: string): void {
    if (!this.#standings.take(`${run}/${client}`)) throw tooFast('You paused and resumed many times.');
  }

  /** Throws `rate-limited`: an upload. */
  upload(run: string, client: string): void {
    if (!this.#uploads.take(`${run}/${client}`)) throw tooFast('Too many uploads in a short time.');
  }

  /** Throws `rate-limited`: a password is about to be looked at. Give a right one back by {@link rightPassword}. */
  password(address: string, name: string): void {
    const { address: ofAddress, name: ofName } = this.#passwords;
    if (!ofAddress.take(address)) throw tooFast('Too many passwords were wrong from this network.');
    if (!ofName.take(name)) throw tooFast('Too many passwords were wrong for this account.');
  }

  rightPassword(address: string, name: string): void {
    this.#passwords.address.give(address, 1);
    this.#passwords.name.give(name, 1);
  }

  /** Throws `rate-limited`: a token is about to be compared. Give a right one back by {@link guessed}. */
  guess(address: string): void {
    if (!this.#guesses.take(address)) throw tooFast('Too many tokens were wrong from this network.');
  }

  guessed(address: string): void {
    this.#guesses.give(address, 1);
  }
}

const tooFast = (message: string): StrataError =>
  new StrataError('rate-limited', message, 'Wait a moment; the page tries again by itself.');

export interface HasAllowance {
  readonly allowance: Allowance;
}
