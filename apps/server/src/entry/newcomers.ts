import { StrataError } from '@strata/fl-core/protocol';
import type { Limits } from '../limits.ts';

/** Clients of a run that have not answered anything useful yet, the newest last, with the address of each. */
type Waiting = Map<string, string>;

/**
 * Who is in a run and has not shown yet that it takes part. They do not take the seats of those who have, there are as
 * many of them as a run has seats, and when there are too many the newest of the address with the most gives way, so that
 * nobody can keep newcomers out by sending many. In memory: after a restart each is counted when it comes back.
 */
export class Newcomers {
  readonly #runs = new Map<string, Waiting>();
  readonly #limits: Pick<Limits, 'participantsPerAddress' | 'clientsPerRun'>;
  /** Hears of each that comes or goes here; null: there are no other servers. */
  readonly #tell: ((run: string, client: string, address: string | null) => void) | null;

  /**
   * @param tell tells other servers of the same database of each that enters (with its address) or leaves (null), which
   *   {@link hear} it; null where there are none.
   */
  constructor(
    limits: Pick<Limits, 'participantsPerAddress' | 'clientsPerRun'>,
    tell: ((run: string, client: string, address: string | null) => void) | null = null,
  ) {
    this.#limits = limits;
    this.#tell = tell;
  }

  /**
   * Takes a client in.
   * @returns the one that gives way for it; null where there is room.
   * @throws {StrataError} `unavailable` where it would itself have to give way.
   */
  enter(run: string, client: string, address: string): string | null {
    const waiting = this.#runs.get(run) ?? new Map<string, string>();
    this.#runs.set(run, waiting);
    if (waiting.get(client) === address) return null;
    waiting.delete(client);
    const counts = new Map<string, number>();
    for (const from of waiting.values()) counts.set(from, (counts.get(from) ?? 0) + 1);
    const own = counts.get(address) ?? 0;
    if (own >= this.#limits.participantsPerAddress) throw crowded();
    let loser: string | null = null;
    if (waiting.size >= this.#limits.clientsPerRun) {
      const [fullest, most] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), ['', 0]);
      if (most <= own + 1) throw crowded();
      loser = [...waiting].findLast(([, from]) => from === fullest)?.[0] ?? null;
      if (loser !== null) this.leave(run, loser);
    }
    this.hear(run, client, address);
    this.#tell?.(run, client, address);
    return loser;
  }

  /** The client has answered, or is gone. */
  leave(run: string, client: string): void {
    if (this.addressOf(run, client) === null) return;
    this.hear(run, client, null);
    this.#tell?.(run, client, null);
  }

  /** Another server has taken a client in, or has heard of its answer. */
  hear(run: string, client: string, address: string | null): void {
    const waiting = this.#runs.get(run) ?? new Map<string, string>();
    waiting.delete(client);
    if (address !== null) waiting.set(client, address);
    if (waiting.size === 0) this.#runs.delete(run);
    else this.#runs.set(run, waiting);
  }

  /** Whether a client may not have answered yet. What another server knows of it may not have been heard. */
  maybeNew(run: string, client: string): boolean {
    return this.#tell !== null || this.addressOf(run, client) !== null;
  }

  /** Where a client is that has not answered yet; null for everybody else. */
  addressOf(run: string, client: string): string | null {
    return this.#runs.get(run)?.get(client) ?? null;
  }
}

const crowded = (): StrataError =>
  new StrataError(
    'unavailable',
    'Many participants have joined this run from where you are and not taken part yet.',
    'Leave this page open: it tries again by itself as soon as some of them have.',
  );

export interface HasNewcomers {
  readonly newcomers: Newcomers;
}
