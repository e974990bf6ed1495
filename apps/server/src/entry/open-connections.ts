/** Of an address so many connections are open at the server that says so. */
export type Open = readonly [address: string, count: number];

/** What changed within so many milliseconds is told together. */
const gatherMs = 100;
/** How often all that others should know is told again: who missed it, or has come since, knows it then. */
const repeatMs = 20_000;
/** What was not told again for so long is of a server that has ended. */
const staleMs = 3 * repeatMs;
/** So many fit into one message between servers, whatever the addresses. */
const toldAtOnce = 50;
/** Of an address with fewer than this part of the most others hear nothing: nearly all have a few. */
const toldFrom = 1 / 16;

/**
 * How many connections each network address has open, of which there is a most. Servers that share a database tell each
 * other of addresses with many, so that the most holds over all of them: to what is opened within a tenth of a second, and to a
 * sixteenth of it at each server.
 */
export class OpenConnections {
  readonly #most: number;
  readonly #tell: ((open: readonly Open[]) => void) | null;
  readonly #now: () => number;
  readonly #own = new Map<string, number>();
  /** What others were told last. */
  readonly #told = new Map<string, number>();
  #untold = new Set<string>();
  #gathering: NodeJS.Timeout | null = null;
  #repeating: NodeJS.Timeout | null = null;
  /** Of other servers, by their names: how many, and when it was said. */
  readonly #others = new Map<string, Map<string, { readonly count: number; readonly at: number }>>();

  /**
   * @param tell tells other servers of the same database, which {@link hear} it; null where there are none.
   * @param now milliseconds of a clock that is never set.
   */
  constructor(
    most: number,
    tell: ((open: readonly Open[]) => void) | null = null,
    now: () => number = () => performance.now(),
  ) {
    this.#most = most;
    this.#tell = tell;
    this.#now = now;
  }

  isFull(address: string): boolean {
    let open = this.#own.get(address) ?? 0;
    const fresh = this.#now() - staleMs;
    for (const counts of this.#others.values()) {
      const known = counts.get(address);
      if (known !== undefined && known.at > fresh) open += known.count;
    }
    return open >= this.#most;
  }

  /** Whether there may be one more; it is counted then. Give it back by {@link closed}. */
  opened(address: string): boolean {
    if (this.isFull(address)) return false;
    this.#change(address, 1);
    return true;
  }

  closed(address: string): void {
    this.#change(address, -1);
  }

  /** What another server has open. */
  hear(from: string, open: readonly Open[]): void {
    const counts = this.#others.get(from) ?? new Map();
    this.#others.set(from, counts);
    const at = this.#now();
    for (const [address, count] of open) {
      if (count > 0) counts.set(address, { count, at });
      else counts.delete(address);
    }
    this.#forgetStale();
  }

  #forgetStale(): void {
    const fresh = this.#now() - staleMs;
    for (const [from, counts] of this.#others) {
      for (const [address, { at }] of counts) if (at <= fresh) counts.delete(address);
      if (counts.size === 0) this.#others.delete(from);
    }
  }

  #change(address: string, by: number): void {
    const count = Math.max(0, (this.#own.get(address) ?? 0) + by);
    if (count > 0) this.#own.set(address, count);
    else this.#own.delete(address);
    if (this.#tell === null || this.#worthTelling(address) === (this.#told.get(address) ?? 0)) return;
    this.#untold.add(address);
    this.#gathering ??= setTimeout(() => {
      this.#gathering = null;
      this.#tellThese(this.#untold);
      this.#untold = new Set();
    }, gatherMs).unref();
  }

  /** 0 where it is too few to matter. */
  #worthTelling(address: string): number {
    const count = this.#own.get(address) ?? 0;
    return count >= Math.max(1, this.#most * toldFrom) ? count : 0;
  }

  #tellThese(addresses: Iterable<string>): void {
    const open = [...addresses].map((address): Open => [address, this.#worthTelling(address)]);
    for (const [address, count] of open) {
      if (count > 0) this.#told.set(address, count);
      else this.#told.delete(address);
    }
    for (let i = 0; i < open.length; i += toldAtOnce) this.#tell?.(open.slice(i, i + toldAtOnce));
    if (this.#told.size === 0) return;
    this.#repeating ??= setTimeout(() => {
      this.#repeating = null;
      this.#tellThese(this.#told.keys());
    }, repeatMs).unref();
  }
}
