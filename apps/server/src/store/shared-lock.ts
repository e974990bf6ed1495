/**
 * Keeps garbage collection apart from those who name blobs. Writing a blob and the row that names it happens
 * `shared`; garbage collection checks and deletes
 * `exclusive`ly, so that it never deletes a blob between the two.
 * Who waits to be exclusive does not hold up writers: deletion may be late, a round may not.
 */
export class SharedLock {
  #holders = 0;
  #exclusive = false;
  #waiting: (() => void)[] = [];

  async shared<T>(work: () => Promise<T>): Promise<T> {
    while (this.#exclusive) await this.#change();
    this.#holders++;
    try {
      return await work();
    } finally {
      this.#holders--;
      this.#wake();
    }
  }

  async exclusive<T>(work: () => Promise<T>): Promise<T> {
    while (this.#exclusive || this.#holders > 0) await this.#change();
    this.#exclusive = true;
    try {
      return await work();
    } finally {
      this.#exclusive = false;
      this.#wake();
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
