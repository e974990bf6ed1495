import type { Activation } from '../engine.ts';

/** What an activation is of. */
export interface PrefixKey {
  /** The layers below the cut as they are now, and the dataset: activations that are of use together. */
  readonly group: string;
  readonly batch: string;
}

/**
 * Activations at the cut, kept over the epochs of a job, and over jobs as long as nobody changes a layer below it
 * (C3). The frozen prefix gives the same ones every time, so a batch that does not fit the byte budget is only
 * computed again, never wrong.
 */
export class PrefixCache {
  /** By group, then by batch; groups in the order of their last use. */
  readonly #kept = new Map<string, Map<string, Activation>>();
  #bytes = 0;

  /** Of all activations kept. */
  get bytes(): number {
    return this.#bytes;
  }

  get({ group, batch }: PrefixKey): Activation | undefined {
    return this.#kept.get(group)?.get(batch);
  }

  /**
   * Takes the activation over if it fits into `budget` bytes, letting go of other groups for that; says whether it
   * did. Activations of the same group stay: they are asked for in turn, so that the one dropped would be the one
   * needed next.
   */
  keep({ group, batch }: PrefixKey, activation: Activation, budget: number): boolean {
    this.#makeRoom(group, budget - activation.bytes);
    if (this.#bytes + activation.bytes > budget) return false;
    const own = this.#kept.get(group) ?? new Map<string, Activation>();
    this.#kept.delete(group);
    this.#kept.set(group, own.set(batch, activation));
    this.#bytes += activation.bytes;
    return true;
  }

  /** Comes down to `bytes`, keeping `group` if that is possible. */
  shrink(group: string, bytes: number): void {
    this.#makeRoom(group, bytes);
    if (this.#bytes > bytes) this.clear();
  }

  /** Lets go of every group that `valid` does not hold for. */
  retain(valid: (group: string) => boolean): void {
    for (const group of [...this.#kept.keys()]) {
      if (!valid(group)) this.#drop(group);
    }
  }

  clear(): void {
    this.retain(() => false);
  }

  #makeRoom(group: string, bytes: number): void {
    for (const other of [...this.#kept.keys()]) {
      if (this.#bytes <= bytes) return;
      if (other !== group) this.#drop(other);
    }
  }

  #drop(group: string): void {
    for (const activation of this.#kept.get(group)?.values() ?? []) {
      this.#bytes -= activation.bytes;
      activation.dispose();
    }
    this.#kept.delete(group);
  }
}
