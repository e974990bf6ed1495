import { capacity } from '../input.ts';

/** Search nodes after which a knapsack settles for its best set so far; `bound` stays an upper bound. */
const maxNodes = 20_000;

/**
 * The best set of layers for one client: 0/1 knapsack, exact, for any positive costs. Equal costs are a plain
 * top-k; otherwise depth-first branch and bound on items by value per cost with the fractional bound
 * (Horowitz and Sahni, J. ACM 21, 1974). Buffers are reused: results hold until the next `solve`.
 */
export class Knapsack {
  /** The chosen items, 0 or 1, (L). */
  readonly chosen: Uint8Array;
  /** Upper bound on the value of any set; equals the value returned unless the search was cut short. */
  bound = 0;

  readonly #costs: Float64Array;
  /** The common cost when all are equal, otherwise 0. */
  readonly #unit: number;
  readonly #cheapest: number;
  readonly #order: Int32Array;
  readonly #ratio: Float64Array;
  readonly #taken: Uint8Array;
  #values: Float64Array = new Float64Array(0);
  #count = 0;
  #best = 0;
  #nodes = 0;

  constructor(costs: readonly number[]) {
    const length = costs.length;
    this.chosen = new Uint8Array(length);
    this.#costs = Float64Array.from(costs);
    this.#cheapest = Math.min(...costs);
    this.#unit = costs.every((c) => c === costs[0]) ? (costs[0] ?? 0) : 0;
    this.#order = new Int32Array(length);
    this.#ratio = new Float64Array(length);
    this.#taken = new Uint8Array(length);
  }

  /**
   * Chooses among `values` (L); items worth nothing are never taken, ties go to the layer that comes first.
   * @returns the value of the set left in {@link chosen}.
   */
  solve(values: Float64Array, budget: number): number {
    this.chosen.fill(0);
    const room = capacity(budget);
    if (room < this.#cheapest) this.bound = 0;
    else if (this.#unit > 0) this.bound = this.#topK(values, Math.floor(room / this.#unit));
    else return this.#general(values, room);
    return this.bound;
  }

  #topK(values: Float64Array, k: number): number {
    const { chosen } = this;
    const length = values.length;
    let sum = 0;
    for (let taken = 0; taken < k; taken++) {
      let best = -1;
      let bestValue = 0;
      for (let l = 0; l < length; l++) {
        const v = values[l]!;
        if (v > bestValue && chosen[l] === 0) {
          bestValue = v;
          best = l;
        }
      }
      if (best < 0) break;
      chosen[best] = 1;
      sum += bestValue;
    }
    return sum;
  }

  #general(values: Float64Array, room: number): number {
    const cost = this.#sortByRatio(values, room);
    this.#values = values;
    this.#best = 0;
    this.#nodes = 0;
    if (cost <= room) {
      for (let p = 0; p < this.#count; p++) this.#take(p);
      this.bound = this.#best;
      return this.#best;
    }
    this.#taken.fill(0);
    const fractional = this.#fractional(0, room);
    this.#search(0, room, 0);
    this.bound = this.#nodes > maxNodes ? fractional : this.#best;
    return this.#best;
  }

  #take(position: number): void {
    const l = this.#order[position]!;
    this.chosen[l] = 1;
    this.#best += this.#values[l]!;
  }

  /** Lists the items that are worth something and fit, best ratio first; returns what all of them cost. */
  #sortByRatio(values: Float64Array, room: number): number {
    const costs = this.#costs;
    const order = this.#order;
    const ratio = this.#ratio;
    let count = 0;
    let total = 0;
    for (let l = 0; l < values.length; l++) {
      const c = costs[l]!;
      if (!(values[l]! > 0) || c > room) continue;
      total += c;
      const r = values[l]! / c;
      ratio[l] = r;
      let p = count++;
      while (p > 0 && ratio[order[p - 1]!]! < r) {
        order[p] = order[p - 1]!;
        p--;
      }
      order[p] = l;
    }
    this.#count = count;
    return total;
  }

  /** Value of filling `room` with the items from `position` on when the last one may be cut. */
  #fractional(position: number, room: number): number {
    let left = room;
    let sum = 0;
    for (let p = position; p < this.#count; p++) {
      const l = this.#order[p]!;
      const c = this.#costs[l]!;
      if (c > left) return sum + this.#ratio[l]! * left;
      left -= c;
      sum += this.#values[l]!;
    }
    return sum;
  }

  #search(position: number, room: number, value: number): void {
    if (value > this.#best) {
      this.#best = value;
      this.chosen.set(this.#taken);
    }
    if (position === this.#count || this.#nodes > maxNodes) return;
    this.#nodes++;
    if (value + this.#fractional(position, room) <= this.#best * (1 + 1e-13)) return;
    const l = this.#order[position]!;
    if (this.#costs[l]! <= room) {
      this.#taken[l] = 1;
      this.#search(position + 1, room - this.#costs[l]!, value + this.#values[l]!);
      this.#taken[l] = 0;
    }
    this.#search(position + 1, room, value);
  }
}
