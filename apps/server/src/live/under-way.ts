/** What is under way and should end by itself: uploads, before the server goes. */
export class UnderWay {
  readonly #works = new Set<Promise<unknown>>();

  async count<T>(work: Promise<T>): Promise<T> {
    this.#works.add(work);
    try {
      return await work;
    } finally {
      this.#works.delete(work);
    }
  }

  /** Resolves when nothing is under way, or after so many milliseconds; what has begun meanwhile is waited for, too. */
  async idle(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    let late = false;
    const end = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        late = true;
        resolve();
      }, ms);
    });
    while (this.#works.size > 0 && !late) await Promise.race([end, Promise.allSettled(this.#works)]);
    clearTimeout(timer);
  }
}
