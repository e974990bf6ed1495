import type { SaidAnswer } from './sealed-work.ts';

export interface Tries {
  begun: number;
  failed: number;
}

/**
 * What a session keeps by work key: answers, so that they can be sent again as they are (R4), and how often a work
 * was tried. It holds one round at a time, so that nothing grows with the run.
 */
export class RoundMemory {
  readonly #answers = new Map<string, SaidAnswer>();
  readonly #tries = new Map<string, Tries>();
  #round = 0;

  /** Forgets everything of other rounds. */
  enter(round: number): void {
    if (round === this.#round) return;
    this.#round = round;
    this.#answers.clear();
    this.#tries.clear();
  }

  answer(key: string): SaidAnswer | undefined {
    return this.#answers.get(key);
  }

  keep(key: string, answer: SaidAnswer): void {
    this.#answers.set(key, answer);
  }

  drop(key: string): void {
    this.#answers.delete(key);
  }

  /** The count of a work; the caller changes it. */
  tries(key: string): Tries {
    const tries = this.#tries.get(key) ?? { begun: 0, failed: 0 };
    this.#tries.set(key, tries);
    return tries;
  }
}
