/** Updates that are remembered; of more, those that came last. */
const rememberedUpdates = 10_000;

/**
 * What was measured of updates while they arrived, by their hashes: the L2 norm of each layer's values. A restart forgets
 * it, and who needs it then measures the file again, with the same result.
 */
export class Measured {
  readonly #norms = new Map<string, Readonly<Record<string, number>>>();

  add(sha256: string, norms: Readonly<Record<string, number>>): void {
    this.#norms.set(sha256, norms);
    for (const oldest of this.#norms.keys()) {
      if (this.#norms.size <= rememberedUpdates) break;
      this.#norms.delete(oldest);
    }
  }

  /** By layer; null: not known. */
  normsOf(sha256: string): Readonly<Record<string, number>> | null {
    return this.#norms.get(sha256) ?? null;
  }
}

export interface HasMeasured {
  readonly measured: Measured;
}
