import { StrataError } from '@strata/fl-core/protocol';

/** Milliseconds before work that failed is done again: at first, and what they double up to. */
const againMs = { first: 100, most: 5_000 };

/** After work that took long there is a longer pause, so that it takes a fifth of the time; but never more than this. */
const pause = { share: 4, mostMs: 250 };

interface State {
  touched: boolean;
  timer: NodeJS.Timeout | null;
  /** Failures since the last success. */
  failures: number;
}

/**
 * Runs `work(key)` soon after `touch(key)`, at most once in `intervalMs` and never twice at once for a key.
 * A touch during the work leads to one more run, so the last state is always seen. Work that fails is done again
 * until it succeeds, later and later, since nobody may touch the key again; but for a `StrataError`, which lies in the
 * data. `onError` is told the first of failures in a row.
 */
export class Throttle {
  readonly #intervalMs: number;
  readonly #work: (key: string) => Promise<void>;
  readonly #onError: (error: unknown, key: string) => void;
  readonly #keys = new Map<string, State>();
  #closed = false;

  constructor(
    intervalMs: number,
    work: (key: string) => Promise<void>,
    onError: (error: unknown, key: string) => void,
  ) {
    this.#intervalMs = intervalMs;
    this.#work = work;
    this.#onError = onError;
  }

  touch(key: string): void {
    if (this.#closed) return;
    const state = this.#keys.get(key);
    if (state) {
      state.touched = true;
      return;
    }
    const fresh = { touched: true, timer: null, failures: 0 };
    this.#keys.set(key, fresh);
    void this.#loop(key, fresh);
  }

  close(): void {
    this.#closed = true;
    for (const { timer } of this.#keys.values()) if (timer) clearTimeout(timer);
    this.#keys.clear();
  }

  async #loop(key: string, state: State): Promise<void> {
    // One turn of the event loop, so that what happens together is seen together.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#closed) return;
    state.touched = false;
    const start = performance.now();
    try {
      await this.#work(key);
      state.failures = 0;
    } catch (error) {
      this.#failed(key, state, error);
    }
    if (this.#closed) return;
    const took = performance.now() - start;
    const rest = Math.max(this.#intervalMs, Math.min(pause.share * took, pause.mostMs));
    const wait = state.failures === 0 ? rest : pauseAfter(state.failures);
    state.timer = setTimeout(() => {
      if (state.touched) void this.#loop(key, state);
      else this.#keys.delete(key);
    }, wait);
  }

  #failed(key: string, state: State, error: unknown): void {
    if (this.#closed) return;
    if (state.failures === 0) this.#onError(error, key);
    if (error instanceof StrataError) return;
    state.failures += 1;
    state.touched = true;
  }
}

const pauseAfter = (failures: number): number =>
  Math.min(againMs.first * 2 ** Math.min(failures - 1, 10), againMs.most);
