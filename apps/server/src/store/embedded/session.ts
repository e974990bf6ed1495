import {
  type Answer,
  type Batch,
  commandComplete,
  type Notification,
  query,
  readAnswer,
  type SessionState,
} from './wire.ts';

/** Runs one batch of protocol messages in the one session there is. */
export type RunBatch = (bytes: Buffer) => Promise<Buffer>;

/** A connection as the session sees it. */
export interface Peer {
  receive(bytes: Buffer): void;
  /** The connection cannot go on. */
  fail(error: Error): void;
}

interface Seat {
  readonly peer: Peer;
  readonly channels: Set<string>;
  open: boolean;
}

/** A transaction that stays silent for so long is rolled back, because everybody else waits for it. */
const IDLE_IN_TRANSACTION_MS = 30_000;

const LISTEN = /^\s*listen\s+("(?:[^"]|"")+"|[a-z_]\w*)\s*;?\s*$/i;
const UNLISTEN = /^\s*unlisten\s+(\*|"(?:[^"]|"")+"|[a-z_]\w*)\s*;?\s*$/i;

/**
 * Shares PGlite's single session between connections: a connection that starts a transaction keeps the session
 * until the transaction ends; the others wait in order of arrival. Notifications reach the connections that
 * listen, as they would with sessions of their own.
 *
 * What still differs from a server: `SET` without `LOCAL`, temporary tables and advisory locks belong to
 * everybody; a transaction must not wait for a query on another connection.
 */
export class SharedSession {
  readonly #run: RunBatch;
  readonly #idleLimitMs: number;
  readonly #seats = new Map<Peer, Seat>();
  readonly #waiting: { seat: Seat; resume: () => void }[] = [];
  #holder: Seat | undefined;
  #state: SessionState = 'idle';
  /** Runs while the holder is in a transaction and no batch of it is under way. */
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(run: RunBatch, idleLimitMs = IDLE_IN_TRANSACTION_MS) {
    this.#run = run;
    this.#idleLimitMs = idleLimitMs;
  }

  join(peer: Peer): void {
    this.#seats.set(peer, { peer, channels: new Set(), open: true });
  }

  /** Runs a batch for `peer` when its turn comes; the answer goes to `peer.receive`. */
  async submit(peer: Peer, batch: Exclude<Batch, { kind: 'terminate' }>): Promise<void> {
    const seat = this.#seats.get(peer);
    if (!seat) return;
    await this.#acquire(seat);
    if (!seat.open) {
      this.#release();
      return;
    }
    const unlistened = batch.kind === 'messages' ? this.#followListening(seat, batch.statements) : undefined;
    if (unlistened) peer.receive(commandComplete('UNLISTEN', this.#state));
    else this.#deliver(seat, readAnswer(await this.#run(batch.bytes)));
    await this.#settle(seat);
  }

  /** The connection is gone: what it left open is rolled back. */
  async leave(peer: Peer): Promise<void> {
    const seat = this.#seats.get(peer);
    if (!seat) return;
    this.#seats.delete(peer);
    seat.open = false;
    // With a batch under way, `submit` settles after it.
    if (this.#holder === seat && this.#idleTimer) await this.#settle(seat);
  }

  /** The session is lost; so is every connection. */
  fail(error: Error): void {
    this.#stopIdleTimer();
    for (const { peer } of [...this.#seats.values()]) peer.fail(error);
  }

  async #acquire(seat: Seat): Promise<void> {
    if (this.#holder === seat) {
      this.#stopIdleTimer();
      return;
    }
    if (this.#holder === undefined) this.#holder = seat;
    else await new Promise<void>((resume) => this.#waiting.push({ seat, resume }));
  }

  /** After a batch: keeps the session for an open transaction, hands it on otherwise. */
  async #settle(seat: Seat): Promise<void> {
    this.#stopIdleTimer();
    if (this.#state !== 'idle' && !seat.open) {
      this.#state = readAnswer(await this.#run(query('ROLLBACK'))).state ?? 'idle';
    }
    if (this.#state === 'idle') this.#release();
    else this.#idleTimer = setTimeout(() => this.#evict(seat), this.#idleLimitMs).unref();
  }

  #stopIdleTimer(): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = undefined;
  }

  #release(): void {
    const next = this.#waiting.shift();
    this.#holder = next?.seat;
    next?.resume();
  }

  #evict(seat: Seat): void {
    seat.peer.fail(new Error(`transaction rolled back: it was idle for ${this.#idleLimitMs} ms`));
  }

  #deliver(seat: Seat, answer: Answer): void {
    // Without ReadyForQuery (after Flush) the connection has not finished: it keeps the session.
    this.#state = answer.state ?? 'transaction';
    for (const notification of answer.notifications) this.#notify(notification);
    if (seat.open) seat.peer.receive(answer.bytes);
  }

  #notify({ channel, message }: Notification): void {
    for (const seat of this.#seats.values()) if (seat.channels.has(channel)) seat.peer.receive(message);
  }

  /**
   * Notes who listens to what. True when the batch is an UNLISTEN, which must not reach the session: it would
   * end the listening of the other connections too.
   */
  #followListening(seat: Seat, statements: readonly string[]): boolean {
    for (const statement of statements) {
      const unlisten = UNLISTEN.exec(statement)?.[1];
      if (unlisten !== undefined) {
        if (unlisten === '*') seat.channels.clear();
        else seat.channels.delete(identifier(unlisten));
        return true;
      }
      const listen = LISTEN.exec(statement)?.[1];
      if (listen !== undefined) seat.channels.add(identifier(listen));
    }
    return false;
  }
}

/** An SQL identifier as the server stores it: lower case unless quoted. */
function identifier(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text.toLowerCase();
}
