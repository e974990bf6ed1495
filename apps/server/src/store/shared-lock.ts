import { setTimeout as sleep } from 'node:timers/promises';
import { StrataError } from '@strata/fl-core/protocol';

/** The same lock among the servers that share a database. */
export interface AcrossNodes {
  /** Resolves when this server may name blobs; another one does not delete any until {@link leave}. */
  enter(): Promise<void>;
  leave(): void;
  /**
   * Does `work` if no server names blobs, this one included.
   * @returns whether it did.
   */
  exclusive(work: (stillMine: StillMine) => Promise<void>): Promise<boolean>;
}

/** Asked before each deletion. Throws when the lock is not held any more: the process was suspended, or cut off. */
export type StillMine = () => Promise<void>;

/** Of a server that has its blobs to itself. */
const nobodyElse: AcrossNodes = {
  enter: async () => {},
  leave: () => {},
  exclusive: async (work) => {
    await work(async () => {});
    return true;
  },
};

/** Between tries to be the only one, and how long that is tried: what is not deleted now is deleted later. */
const againMs = 50;
const patienceMs = 10_000;

/**
 * Keeps garbage collection apart from those who name blobs. Writing a blob and the row that names it happens
 * `shared`; garbage collection checks and deletes
 * `exclusive`ly, so that it never deletes a blob between the two.
 * Who waits to be exclusive does not hold up writers: deletion may be late, a round may not.
 */
export class SharedLock {
  readonly #across: AcrossNodes;
  #holders = 0;
  #exclusive = false;
  #waiting: (() => void)[] = [];

  constructor(across: AcrossNodes = nobodyElse) {
    this.#across = across;
  }

  async shared<T>(work: () => Promise<T>): Promise<T> {
    while (this.#exclusive) await this.#change();
    this.#holders++;
    try {
      await this.#across.enter();
      try {
        return await work();
      } finally {
        this.#across.leave();
      }
    } finally {
      this.#holders--;
      this.#wake();
    }
  }

  /** @throws StrataError `unavailable` when another server names blobs all the time. */
  async exclusive<T>(work: (stillMine: StillMine) => Promise<T>): Promise<T> {
    const end = performance.now() + patienceMs;
    for (;;) {
      while (this.#exclusive || this.#holders > 0) await this.#change();
      this.#exclusive = true;
      try {
        let result: { readonly value: T } | null = null;
        const did = await this.#across.exclusive(async (stillMine) => {
          result = { value: await work(stillMine) };
        });
        const done = result as { readonly value: T } | null;
        if (did && done !== null) return done.value;
      } finally {
        this.#exclusive = false;
        this.#wake();
      }
      if (performance.now() > end) {
        throw new StrataError(
          'unavailable',
          'Files cannot be deleted: another server is writing some all the time, or has stopped while it did.',
          'Try again in a moment; look whether a server hangs.',
        );
      }
      await sleep(againMs);
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }
}

export interface HasNaming {
  /** Held shared while a blob is written and named. */
  readonly naming: SharedLock;
}
