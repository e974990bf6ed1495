interface Timer {
  readonly at: number;
  /** Timers of the same moment go off in the order in which they were set. */
  readonly order: number;
  readonly ring: () => void;
}

/** Virtual time: it passes when it is told to, at once. */
export class Clock {
  #now: number;
  #timers: Timer[] = [];
  #order = 0;

  constructor(now = 1_800_000_000_000) {
    this.#now = now;
  }

  /** Milliseconds since the epoch. */
  get now(): number {
    return this.#now;
  }

  /** Sets the clock back; timers keep their absolute times. */
  setBack(seconds: number): void {
    this.#now -= 1000 * seconds;
  }

  /** Calls `ring` at the absolute time `at`, or as soon as time passes; returns what takes it back. */
  at(at: number, ring: () => void): () => void {
    const timer = { at, order: this.#order++, ring };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((t) => t !== timer);
    };
  }

  /** When the next timer goes off; null when there is none. */
  get next(): number | null {
    return this.#first()?.at ?? null;
  }

  /** Goes on to the next timer up to `end` and lets it go off, or to `end`; whether one went off. */
  step(end: number): boolean {
    const timer = this.#first();
    if (!timer || timer.at > end) {
      this.#now = Math.max(this.#now, end);
      return false;
    }
    this.#timers = this.#timers.filter((t) => t !== timer);
    this.#now = Math.max(this.#now, timer.at);
    timer.ring();
    return true;
  }

  #first(): Timer | undefined {
    return [...this.#timers].sort((a, b) => a.at - b.at || a.order - b.order)[0];
  }
}
