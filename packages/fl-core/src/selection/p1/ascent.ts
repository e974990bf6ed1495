import { Groups } from './groups.ts';
import { Knapsack } from './knapsack.ts';
import { gapTolerance } from './problem.ts';
import type { Effort, ScaledProblem } from './scaled.ts';

/**
 * One point of the search and the best one seen. `mask` and `counts` are the point; every move is the exact best
 * set of one client, so that the objective never falls along {@link ascend}.
 */
export class Ascent {
  readonly problem: ScaledProblem;
  effort: Effort;
  /** m, (N, L). */
  readonly mask: Uint8Array;
  /** k_l, number of clients that take layer l, (L). */
  readonly counts: Int32Array;
  readonly bestMask: Uint8Array;
  bestValue = Number.NEGATIVE_INFINITY;

  readonly #knapsack: Knapsack;
  readonly #gain: Float64Array;
  /** Gains below this are rounding noise. */
  readonly #epsilon: number;
  /** Null where groups may be of any size. */
  readonly #groups: Groups | null;

  constructor(problem: ScaledProblem, effort: Effort) {
    const { clients, layers, lambda } = problem;
    this.problem = problem;
    this.effort = effort;
    this.mask = new Uint8Array(clients * layers);
    this.counts = new Int32Array(layers);
    this.bestMask = new Uint8Array(clients * layers);
    this.#knapsack = new Knapsack(problem.costs, problem.reach);
    this.#gain = new Float64Array(layers);
    this.#epsilon = 1e-12 * (1 + Math.abs(lambda) * clients) * Math.max(1, layers);
    this.#groups = problem.minimumGroup > 1 ? new Groups(this, this.#epsilon) : null;
  }

  /**
   * Gives every client its best set for its scores plus a `bias`: one for each layer (L), or for each client and
   * layer (N, L).
   * @returns an upper bound on the sum of the values of these sets.
   */
  respond(bias: Float64Array): number {
    const { clients, layers, scores, budgets } = this.problem;
    const { mask, counts } = this;
    const gain = this.#gain;
    const { chosen } = this.#knapsack;
    const biasStride = bias.length === layers ? 0 : layers;
    let bound = 0;
    counts.fill(0);
    for (let i = 0; i < clients; i++) {
      const row = i * layers;
      for (let l = 0; l < layers; l++) gain[l] = scores[row + l]! + bias[i * biasStride + l]!;
      this.#knapsack.solve(gain, budgets[i]!);
      bound += this.#knapsack.bound;
      for (let l = 0; l < layers; l++) {
        mask[row + l] = chosen[l]!;
        counts[l]! += chosen[l]!;
      }
    }
    this.effort.spend(clients * this.#knapsack.work);
    return bound;
  }

  /**
   * Block ascent: one client after the other takes its best set given the others', until nobody moves or
   * `sweeps` are over. `bias` (L) is added to every client's scores. Where groups have a smallest size, no move breaks one
   * or founds one ({@link Groups}).
   */
  ascend(lambda: number, sweeps = 50, bias: Float64Array | null = null): void {
    if (this.#groups) {
      this.#groups.ascend(lambda, sweeps, bias);
      return;
    }
    for (let sweep = 0; sweep < sweeps && !this.effort.spent; sweep++) {
      let moved = false;
      for (let i = 0; i < this.problem.clients; i++) moved = this.#improve(i, lambda, bias) || moved;
      this.effort.spend(this.problem.clients * this.#knapsack.work);
      if (!moved) return;
    }
  }

  #improve(i: number, lambda: number, bias: Float64Array | null): boolean {
    const { clients, layers, scores, budgets } = this.problem;
    const { mask, counts } = this;
    const gain = this.#gain;
    const row = i * layers;
    let current = 0;
    for (let l = 0; l < layers; l++) {
      const others = counts[l]! - mask[row + l]!;
      // -lambda k (N - k) changes by lambda (2 others + 1 - N) when client i joins the others
      gain[l] = scores[row + l]! + lambda * (2 * others + 1 - clients) + (bias ? bias[l]! : 0);
      if (mask[row + l] === 1) current += gain[l]!;
    }
    if (this.#knapsack.solve(gain, budgets[i]!) <= current + this.#epsilon) return false;
    const { chosen } = this.#knapsack;
    for (let l = 0; l < layers; l++) {
      counts[l]! += chosen[l]! - mask[row + l]!;
      mask[row + l] = chosen[l]!;
    }
    return true;
  }

  /** Objective of the present point. */
  value(): number {
    const { clients, layers, scores, lambda } = this.problem;
    let sum = 0;
    for (let j = 0; j < this.mask.length; j++) if (this.mask[j] === 1) sum += scores[j]!;
    for (let l = 0; l < layers; l++) sum -= lambda * this.counts[l]! * (clients - this.counts[l]!);
    return sum;
  }

  /**
   * Remembers the present point when it beats the best one; says whether it does. A point with groups that are too small
   * is repaired and climbed from first.
   */
  keep(): boolean {
    if (this.#groups && !this.#groups.hold) {
      this.#groups.repair(this.problem.lambda);
      this.#groups.ascend(this.problem.lambda, 50, null);
    }
    const value = this.value();
    if (value <= this.bestValue + this.#epsilon) return false;
    this.bestValue = value;
    this.bestMask.set(this.mask);
    return true;
  }

  /** Nothing within this upper bound is worth more than the best point, up to half of {@link gapTolerance}. */
  proves(bound: number): boolean {
    const best = this.bestValue;
    return bound <= best + 0.5 * gapTolerance * Math.max(Math.abs(best), Math.abs(bound));
  }

  /** Makes the best point the present one. */
  restore(): void {
    this.moveTo(this.bestMask);
  }

  /** Makes `mask` (N, L) the present point. */
  moveTo(mask: Uint8Array): void {
    const { layers } = this.problem;
    this.mask.set(mask);
    this.counts.fill(0);
    for (let j = 0; j < this.mask.length; j++) this.counts[j % layers]! += this.mask[j]!;
  }
}
