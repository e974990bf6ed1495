import type { Activation } from '../models/model.ts';
import { activationBytes, releaseActivation } from './activation.ts';

/**
 * Activations at the cut, one a batch, kept over the passes of a job (C3). The frozen prefix gives the same ones
 * every time, so a batch that does not fit the byte budget is only computed again, never wrong.
 */
export class PrefixCache {
  readonly #kept = new Map<number, Activation>();
  #bytesLeft: number;

  constructor(bytes: number) {
    this.#bytesLeft = bytes;
  }

  get(batch: number): Activation | undefined {
    return this.#kept.get(batch);
  }

  /** Takes the activation over if it fits; says whether it did. */
  keep(batch: number, activation: Activation): boolean {
    const bytes = activationBytes(activation);
    if (bytes > this.#bytesLeft) return false;
    this.#bytesLeft -= bytes;
    this.#kept.set(batch, activation);
    return true;
  }

  dispose(): void {
    for (const activation of this.#kept.values()) releaseActivation(activation);
    this.#kept.clear();
  }
}
