import type { Ascent } from './ascent.ts';

/** Bounds a_l <= k_l <= b_l on the counts, (L). */
export interface CountBounds {
  readonly low: Int32Array;
  readonly high: Int32Array;
}

/**
 * Upper bounds on P1 (lambda >= 0) by Lagrangian decomposition: the masks get a second copy, one belongs to the
 * clients, one to the layers, and prices q_il make them agree.
 *
 * - Client i chooses its set for the scores s_il - q_il within its budget: one knapsack.
 * - Layer l chooses its clients for q_il - lambda k (N - k) with a_l <= k <= b_l, k being 0 or a size that a group may
 *   have: of each size the clients of highest price are the best, so that all sizes are tried along the sorted prices.
 *
 * The sum of the best of both is a bound for every q. Prices of one layer that are all the same are a chord under the
 * disagreement's curve; prices that differ let clients pay each other for agreeing, which is what binds large
 * cohorts. The subgradient is where the two copies differ.
 */
export class Decomposition {
  /** k_l that the layers chose at the last {@link evaluate}, (L). */
  readonly wanted: Int32Array;
  readonly #ascent: Ascent;
  readonly #bias: Float64Array;
  /** Clients by falling price, for each layer: kept, since prices move little from step to step. */
  readonly #orders: readonly Uint32Array[];
  /** Clients' copy minus layers' copy, (N, L). */
  readonly #gradient: Int8Array;

  constructor(ascent: Ascent) {
    const { clients, layers } = ascent.problem;
    this.#ascent = ascent;
    this.wanted = new Int32Array(layers);
    this.#bias = new Float64Array(clients * layers);
    this.#gradient = new Int8Array(clients * layers);
    const start = this.startingPrices();
    this.#orders = Array.from({ length: layers }, (_, l) => {
      const order = Uint32Array.from({ length: clients }, (_, i) => i);
      return order.sort((i, j) => start[j * layers + l]! - start[i * layers + l]! || i - j);
    });
  }

  /** What would give every client the mean score of a layer, as far as lambda can move that much; (N, L). */
  startingPrices(): Float64Array {
    const { clients, layers, scores, lambda } = this.#ascent.problem;
    const most = lambda * (clients - 1);
    const means = new Float64Array(layers);
    for (let j = 0; j < scores.length; j++) means[j % layers]! += scores[j]! / clients;
    return scores.map((s, j) => Math.min(Math.max(s - means[j % layers]!, -most), most));
  }

  /**
   * The bound for these prices (N, L). The clients' copy is left in the ascent's `mask` and `counts`, the layers'
   * counts in {@link wanted}, and the difference for {@link move}.
   * @returns the bound and the squared length of the subgradient: when that is 0 the copies agree.
   */
  evaluate(prices: Float64Array, { low, high }: CountBounds): { bound: number; difference: number } {
    const { clients, layers, lambda, minimumGroup } = this.#ascent.problem;
    for (let j = 0; j < prices.length; j++) this.#bias[j] = -prices[j]!;
    let bound = this.#ascent.respond(this.#bias);
    this.#gradient.set(this.#ascent.mask);
    for (let l = 0; l < layers; l++) {
      const order = this.#sorted(prices, l);
      let sum = 0;
      let best = Number.NEGATIVE_INFINITY;
      for (let k = 0; k <= high[l]!; k++) {
        if (k > 0) sum += prices[order[k - 1]! * layers + l]!;
        const value = sum - lambda * k * (clients - k);
        if (k < low[l]! || (k > 0 && k < minimumGroup) || value <= best) continue;
        best = value;
        this.wanted[l] = k;
      }
      for (let k = 0; k < this.wanted[l]!; k++) this.#gradient[order[k]! * layers + l]!--;
      bound += best;
    }
    this.#ascent.effort.spend(2 * prices.length);
    let difference = 0;
    for (const g of this.#gradient) difference += g * g;
    return { bound, difference };
  }

  /** Goes from `prices` a step along the last subgradient. */
  move(prices: Float64Array, step: number): void {
    for (let j = 0; j < prices.length; j++) prices[j]! += step * this.#gradient[j]!;
  }

  /** Insertion sort: the order of the step before is nearly right. */
  #sorted(prices: Float64Array, layer: number): Uint32Array {
    const { layers } = this.#ascent.problem;
    const order = this.#orders[layer]!;
    for (let k = 1; k < order.length; k++) {
      const client = order[k]!;
      const price = prices[client * layers + layer]!;
      let at = k;
      while (at > 0 && prices[order[at - 1]! * layers + layer]! < price) {
        order[at] = order[at - 1]!;
        at--;
      }
      order[at] = client;
    }
    return order;
  }
}
