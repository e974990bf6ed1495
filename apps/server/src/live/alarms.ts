import { outsideWorkflow } from './background.ts';

export interface HasAlarms {
  readonly alarms: Alarms;
}

/** Longest time that a timer takes. */
const longest = 2 ** 31 - 1;
/** An alarm comes after who waits by the clock, so that it finds something to do only where that has failed. */
const afterMs = 100;

/**
 * Alarms of runs, by a clock that is never set. Who waits by the machine's clock, as the workflow engine does, waits
 * an hour more when that is set back by one; the alarm has the run looked at in time.
 */
export class Alarms {
  readonly #ring: (run: string) => void;
  /** By who waits. */
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(ring: (run: string) => void) {
    this.#ring = ring;
  }

  /** Rings for `run` in `ms`, and not at the time that the same `waiter` has set before. */
  set(waiter: string, run: string, ms: number): void {
    this.clear(waiter);
    const ring = () => {
      this.#timers.delete(waiter);
      this.#ring(run);
    };
    const wait = Math.min(longest, Math.max(0, ms) + afterMs);
    this.#timers.set(
      waiter,
      outsideWorkflow(() => setTimeout(ring, wait)),
    );
  }

  clear(waiter: string): void {
    clearTimeout(this.#timers.get(waiter));
    this.#timers.delete(waiter);
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
