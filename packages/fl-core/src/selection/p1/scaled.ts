import type { LayerCosts } from '../mask-cost.ts';

/** P1 with flat scores, in units in which the mean score is 1 (see solve.ts). */
export interface ScaledProblem extends LayerCosts {
  readonly clients: number;
  readonly layers: number;
  /** (N, L), row-major. */
  readonly scores: Float64Array;
  readonly budgets: readonly number[];
  readonly lambda: number;
  /** m; 1 where groups may be of any size. */
  readonly minimumGroup: number;
}

/**
 * How much work may be done, so that limits are the same on every machine. One unit is one layer of one client's
 * knapsack: roughly 15 ns with equal costs, three times that with general ones.
 */
export class Effort {
  #left: number;
  readonly #until: number;

  /** `until`: time (`performance.now()`) after which nothing more is started; makes results depend on the machine. */
  constructor(units: number, until = Number.POSITIVE_INFINITY) {
    this.#left = units;
    this.#until = until;
  }

  spend(units: number): void {
    this.#left -= units;
  }

  get spent(): boolean {
    return this.#left <= 0 || (this.#until < Number.POSITIVE_INFINITY && performance.now() > this.#until);
  }
}
