import type { ClientView, Progress } from '@strata/fl-core/protocol';
import { outsideWorkflow } from './background.ts';

export type PresenceState = ClientView['presence'];

/** Who is there, for those who only look. */
export interface Attendance {
  state(run: string, client: string): PresenceState;
  connected(run: string): string[];
  progress(run: string, client: string): Progress | null;
}

export interface SeesPresence {
  readonly presence: Attendance;
}

export interface HasPresence {
  readonly presence: Presence;
}

/** Clients at other servers of the same database, and where they are told of those at this one. */
export interface Elsewhere extends Attendance {
  /** A client is connected here, by this tab; null: by which one is not known. */
  here(run: string, client: string, tab: string | null): void;
  /** It has lost its connection here. */
  away(run: string, client: string): void;
  /** It is not here any more. */
  gone(run: string, client: string): void;
  progressed(run: string, client: string, progress: Progress): void;
}

/** Where there are no other servers. */
const nowhere: Elsewhere = {
  state: () => 'left',
  connected: () => [],
  progress: () => null,
  here: () => {},
  away: () => {},
  gone: () => {},
  progressed: () => {},
};

interface Seat {
  /** Id of the socket that speaks for the client; null while it is away. */
  connection: string | null;
  progress: Progress | null;
  timer: NodeJS.Timeout | null;
}

/**
 * Who is there, in memory, here and elsewhere: a client is `connected`, or `away` for at most the grace period, or `left`.
 * Nothing here is needed to be correct after a restart: everybody is then away and the grace begins.
 */
export class Presence implements Attendance {
  readonly #seats = new Map<string, Map<string, Seat>>();
  readonly #graceMs: number;
  readonly #onGone: (run: string, client: string) => void;
  readonly #elsewhere: Elsewhere;

  /** `onGone` is called when a client has been away for longer than `graceMs`. */
  constructor(
    graceMs: number,
    onGone: (run: string, client: string) => void,
    elsewhere: Elsewhere = nowhere,
  ) {
    this.#graceMs = graceMs;
    this.#onGone = onGone;
    this.#elsewhere = elsewhere;
  }

  /** @param tab which tab or process the connection is of; null where that is not known. */
  connect(run: string, client: string, connection: string, tab: string | null = null): void {
    const seat = this.#seat(run, client);
    this.#clearTimer(seat);
    seat.connection = connection;
    this.#elsewhere.here(run, client, tab);
  }

  /** Ignored when a newer connection speaks for the client by now. Returns whether the client is away now. */
  disconnect(run: string, client: string, connection: string): boolean {
    const seat = this.#seats.get(run)?.get(client);
    if (seat?.connection !== connection) return false;
    this.away(run, client);
    return true;
  }

  /** Starts (or restarts) the grace period of a client without a connection. */
  away(run: string, client: string): void {
    const seat = this.#seat(run, client);
    this.#clearTimer(seat);
    seat.connection = null;
    seat.progress = null;
    this.#elsewhere.away(run, client);
    outsideWorkflow(() => {
      seat.timer = setTimeout(() => {
        this.remove(run, client);
        this.#onGone(run, client);
      }, this.#graceMs);
      seat.timer.unref();
    });
  }

  remove(run: string, client: string): void {
    if (this.#forget(run, client)) this.#elsewhere.gone(run, client);
  }

  /**
   * The client has connected to another server.
   * @returns the id of the socket that spoke for it here, if one did.
   */
  moved(run: string, client: string): string | null {
    const older = this.connection(run, client);
    this.#forget(run, client);
    return older;
  }

  #forget(run: string, client: string): boolean {
    const seats = this.#seats.get(run);
    const seat = seats?.get(client);
    if (!seats || !seat) return false;
    this.#clearTimer(seat);
    seats.delete(client);
    if (seats.size === 0) this.#seats.delete(run);
    return true;
  }

  state(run: string, client: string): PresenceState {
    const seat = this.#seats.get(run)?.get(client);
    if (seat && seat.connection !== null) return 'connected';
    const elsewhere = this.#elsewhere.state(run, client);
    return seat && elsewhere === 'left' ? 'away' : elsewhere;
  }

  connection(run: string, client: string): string | null {
    return this.#seats.get(run)?.get(client)?.connection ?? null;
  }

  connected(run: string): string[] {
    const here = this.connectedHere(run);
    const elsewhere = this.#elsewhere.connected(run);
    return elsewhere.length === 0 ? here : [...new Set([...here, ...elsewhere])];
  }

  /** Those of {@link connected} that are connected to this server. */
  connectedHere(run: string): string[] {
    const seats = [...(this.#seats.get(run) ?? [])];
    return seats.filter(([, seat]) => seat.connection !== null).map(([client]) => client);
  }

  /** All that are connected to this server or away from it. */
  get seats(): { run: string; client: string; connected: boolean }[] {
    return [...this.#seats].flatMap(([run, seats]) =>
      [...seats].map(([client, { connection }]) => ({ run, client, connected: connection !== null })),
    );
  }

  setProgress(run: string, client: string, progress: Progress): void {
    const seat = this.#seats.get(run)?.get(client);
    if (!seat) return;
    seat.progress = progress;
    this.#elsewhere.progressed(run, client, progress);
  }

  progress(run: string, client: string): Progress | null {
    return this.#seats.get(run)?.get(client)?.progress ?? this.#elsewhere.progress(run, client);
  }

  close(): void {
    for (const seats of this.#seats.values()) for (const seat of seats.values()) this.#clearTimer(seat);
    this.#seats.clear();
  }

  #seat(run: string, client: string): Seat {
    let seats = this.#seats.get(run);
    if (!seats) {
      seats = new Map();
      this.#seats.set(run, seats);
    }
    let seat = seats.get(client);
    if (!seat) {
      seat = { connection: null, progress: null, timer: null };
      seats.set(client, seat);
    }
    return seat;
  }

  #clearTimer(seat: Seat): void {
    if (seat.timer) clearTimeout(seat.timer);
    seat.timer = null;
  }
}
