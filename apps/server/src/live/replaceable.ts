/** What is under way, one thing a key: the newer ends the older. */
export class Replaceable {
  readonly #ends = new Map<string, () => void>();

  /**
   * Ends what `key` has under way.
   * @param end called when something newer comes before the answer of this call was called.
   * @returns to be called when it is over.
   */
  replace(key: string, end: () => void): () => void {
    this.#ends.get(key)?.();
    this.#ends.set(key, end);
    return () => {
      if (this.#ends.get(key) === end) this.#ends.delete(key);
    };
  }
}
