import type { Clock } from './clock.ts';

interface Waiter {
  readonly topic: string;
  readonly wake: () => void;
}

/** Messages to a player. They survive a crash until they are taken; who waits for one does not. */
export class Mail {
  readonly #clock: Clock;
  readonly #messages = new Set<string>();
  readonly #keys = new Set<string>();
  #waiter: Waiter | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Somebody waits, and nothing has come for them. */
  get awaited(): boolean {
    return this.#waiter !== null;
  }

  /** With `key`, the same message is delivered once. */
  send(topic: string, key?: string): void {
    if (key !== undefined && this.#keys.has(key)) return;
    if (key !== undefined) this.#keys.add(key);
    if (this.#waiter?.topic === topic) this.#waiter.wake();
    else this.#messages.add(topic);
  }

  /** Returns with a message of the topic, or at the deadline. */
  receive(topic: string, deadline: number): Promise<void> {
    if (this.#messages.delete(topic) || deadline <= this.#clock.now) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#clock.at(deadline, () => this.#waiter?.wake());
      const wake = () => {
        cancel();
        this.#waiter = null;
        resolve();
      };
      this.#waiter = { topic, wake };
    });
  }

  /** Whoever waits waits for ever. */
  forgetWaiter(): void {
    this.#waiter = null;
  }
}
