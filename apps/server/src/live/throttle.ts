/** After work that took long there is a longer pause, so that it takes a fifth of the time; but never more than this. */
const pause = { share: 4, mostMs: 250 };

/**
 * Runs `work(key)` soon after `touch(key)`, at most once in `intervalMs` and never twice at once for a key.
 * A touch during the work leads to one more run, so the last state is always seen.
 */
export class Throttle {
  readonly #intervalMs: number;
  readonly #work: (key: string) => Promise<void>;
  readonly #onError: (error: unknown) => void;
  readonly #keys = new Map<string, { touched: boolean; timer: NodeJS.Timeout | null }>();
  #closed = false;

  constructor(intervalMs: number, work: (key: string) => Promise<void>, onError: (error: unknown) => void) {
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
    this.#keys.set(key, { touched: true, timer: null });
    void this.#loop(key);
  }

  close(): void {
    this.#closed = true;
    for (const { timer } of this.#keys.values()) if (timer) clearTimeout(timer);
    this.#keys.clear();
  }

  async #loop(key: string): Promise<void> {
    const state = this.#keys.get(key);
    // One turn of the event loop, so that what happens together is seen together.
    await new Promise((resolve) => setImmediate(resolve));
    if (!state || this.#closed) return;
    state.touched = false;
    const start = performance.now();
    try {
      await this.#work(key);
    } catch (error) {
      this.#onError(error);
    }
    if (this.#closed) return;
    const took = performance.now() - start;
    state.timer = setTimeout(
      () => {
        if (state.touched) void this.#loop(key);
        else this.#keys.delete(key);
      },
      Math.max(this.#intervalMs, Math.min(pause.share * took, pause.mostMs)),
    );
  }
}
