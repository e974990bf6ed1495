import { StrataError } from '@strata/fl-core/protocol';
import type { Limits } from '../limits.ts';
import { Buckets } from '../live/limiter.ts';

/**
 * How much one address, one run and one client may ask for, whatever connections it comes by. An address is allowed what
 * a school behind it needs, a run what all its participants need who come back at once, and one client what a tab does.
 * Nothing here reads the database: what is refused costs nothing.
 */
export class Allowance {
  readonly #perAddress: number;
  readonly #open = new Map<string, number>();
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
  readonly #refusals = new Buckets({ burst: 200, perSecond: 2 });
  readonly #uploads = new Buckets({ burst: 10, perSecond: 0.5 });
  /** Wide for a name: who guesses from many addresses must not easily keep its owner out. */
  readonly #passwords = {
    address: new Buckets({ burst: 10, perSecond: 0.1 }),
    name: new Buckets({ burst: 100, perSecond: 0.05 }),
  };
  readonly #guesses = new Buckets({ burst: 30, perSecond: 0.5 });

  constructor(limits: Pick<Limits, 'participantsPerAddress' | 'clientsPerRun'>) {
    const { participantsPerAddress: tabs, clientsPerRun: clients } = limits;
    this.#perAddress = 2 * tabs;
    this.#handshakes = new Buckets({ burst: 4 * tabs, perSecond: tabs / 30 });
    this.#connections = {
      address: new Buckets({ burst: 2 * tabs, perSecond: tabs / 20 }),
      run: new Buckets({ burst: 4 * clients, perSecond: clients / 5 }),
      client: new Buckets({ burst: 20, perSecond: 0.2 }),
    };
    this.#registrations = {
      address: new Buckets({ burst: tabs, perSecond: tabs / 60 }),
      run: new Buckets({ burst: 2 * clients, perSecond: clients / 20 }),
    };
  }

  /** Whether an address may open one more socket now; asked before there is one. */
  handshake(address: string): boolean {
    return this.#handshakes.take(address);
  }

  /** A socket is opened: whether there may be one more of this address. Give it back by {@link closed}. */
  opened(address: string): boolean {
    const open = this.#open.get(address) ?? 0;
    if (open >= this.#perAddress) return false;
    this.#open.set(address, open + 1);
    return true;
  }

  /** Throws `rate-limited` where an address could open no socket now; takes nothing. */
  checkRoom(address: string): void {
    const full = (this.#open.get(address) ?? 0) >= this.#perAddress;
    if (full || !this.#handshakes.has(address)) throw tooFast('Too many connections come from this network.');
  }

  closed(address: string): void {
    const open = (this.#open.get(address) ?? 0) - 1;
    if (open > 0) this.#open.set(address, open);
    else this.#open.delete(address);
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
