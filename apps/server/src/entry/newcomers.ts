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

  constructor(limits: Pick<Limits, 'participantsPerAddress' | 'clientsPerRun'>) {
    this.#limits = limits;
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
      if (loser !== null) waiting.delete(loser);
    }
    waiting.set(client, address);
    return loser;
  }

  /** The client has answered, or is gone. */
  leave(run: string, client: string): void {
    const waiting = this.#runs.get(run);
    waiting?.delete(client);
    if (waiting?.size === 0) this.#runs.delete(run);
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
