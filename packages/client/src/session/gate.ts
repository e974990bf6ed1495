/** A gate that work passes between two batches: closed while the person has paused. */
export class PauseGate {
  #opened: Promise<void> = Promise.resolve();
  #release: (() => void) | null = null;

  get closed(): boolean {
    return this.#release !== null;
  }

  /** Settles at once while the gate is open, otherwise when it opens. */
  wait(): Promise<void> {
    return this.#opened;
  }

  close(): void {
    if (this.#release !== null) return;
    this.#opened = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  open(): void {
    this.#release?.();
    this.#release = null;
    this.#opened = Promise.resolve();
  }
}
