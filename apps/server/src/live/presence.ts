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

interface Seat {
  /** Id of the socket that speaks for the client; null while it is away. */
  connection: string | null;
  progress: Progress | null;
  timer: NodeJS.Timeout | null;
}

/**
 * Who is there, in memory: a client is `connected`, or `away` for at most the grace period, or `left`.
 * Nothing here is needed to be correct after a restart: everybody is then away and the grace begins.
 */
export class Presence implements Attendance {
  readonly #seats = new Map<string, Map<string, Seat>>();
  readonly #graceMs: number;
  readonly #onGone: (run: string, client: string) => void;

  /** `onGone` is called when a client has been away for longer than `graceMs`. */
  constructor(graceMs: number, onGone: (run: string, client: string) => void) {
    this.#graceMs = graceMs;
    this.#onGone = onGone;
  }

  connect(run: string, client: string, connection: string): void {
    const seat = this.#seat(run, client);
    this.#clearTimer(seat);
    seat.connection = connection;
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
    outsideWorkflow(() => {
      seat.timer = setTimeout(() => {
        this.remove(run, client);
        this.#onGone(run, client);
      }, this.#graceMs);
      seat.timer.unref();
    });
  }

  remove(run: string, client: string): void {
    const seats = this.#seats.get(run);
    const seat = seats?.get(client);
    if (!seats || !seat) return;
    this.#clearTimer(seat);
    seats.delete(client);
    if (seats.size === 0) this.#seats.delete(run);
  }

  state(run: string, client: string): PresenceState {
    const seat = this.#seats.get(run)?.get(client);
    if (!seat) return 'left';
    return seat.connection === null ? 'away' : 'connected';
  }

  connection(run: string, client: string): string | null {
    return this.#seats.get(run)?.get(client)?.connection ?? null;
  }

  connected(run: string): string[] {
    const seats = [...(this.#seats.get(run) ?? [])];
    return seats.filter(([, seat]) => seat.connection !== null).map(([client]) => client);
  }

  setProgress(run: string, client: string, progress: Progress): void {
    const seat = this.#seats.get(run)?.get(client);
    if (seat) seat.progress = progress;
  }

  progress(run: string, client: string): Progress | null {
    return this.#seats.get(run)?.get(client)?.progress ?? null;
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
