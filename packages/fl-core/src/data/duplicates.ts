import type { Reason } from './problems.ts';

interface Place {
  readonly where: string;
  readonly labels: string;
}

/**
 * Finds samples that came before: a second copy adds nothing to learn, and one in the held-out part would make
 * the model look better than it is.
 */
export class Duplicates {
  readonly #thing: 'picture' | 'text' | 'pair';
  readonly #first = new Map<string, Place>();

  constructor(thing: 'picture' | 'text' | 'pair') {
    this.#thing = thing;
  }

  /**
   * @param key equal for equal samples.
   * @param labels what it has, for the message: `the label "owl"`.
   * @returns null for the first of its key, which is kept.
   */
  check(key: string, where: string, labels: string): Reason | null {
    const first = this.#first.get(key);
    if (first === undefined) {
      this.#first.set(key, { where, labels });
      return null;
    }
    const other = first.labels === labels ? '' : `, which has ${first.labels}`;
    return { kind: 'duplicate', reason: `is the same ${this.#thing} as ${first.where}${other}` };
  }
}
