import { capacity } from '../input.ts';

/** Search nodes after which a knapsack settles for its best set so far; `bound` stays an upper bound. */
const maxNodes = 20_000;

/**
 * The best set of layers for one client: 0/1 knapsack, exact, for any positive costs. Equal costs are a plain
 * top-k; otherwise depth-first branch and bound on items by value per cost with the fractional bound
 * (Horowitz and Sahni, J. ACM 21, 1974). Buffers are reused: results hold until the next `solve`.
 *
 * With a `reach`, a set pays for its shallowest layer s on top. The best set then is the best over s of a knapsack on
 * the layers from s on, with the budget less reach_s. It need not contain s: as reach never rises with s, a set that
 * does not costs less than it is charged, and is found again at its own shallowest layer.
 */
export class Knapsack {
  /** The chosen items, 0 or 1, (L). */
  readonly chosen: Uint8Array;
  /** Upper bound on the value of any set; equals the value returned unless the search was cut short. */
  bound = 0;
  /** Work of one {@link solve}, in layers looked at. */
  readonly work: number;

  readonly #costs: Float64Array;
  readonly #reach: Float64Array | null;
  /** The common cost when all are equal, otherwise 0. */
  readonly #unit: number;
  /** Items worth something, best ratio first, and those of them that the search is about. */
  readonly #sorted: Int32Array;
  readonly #order: Int32Array;
  readonly #ratio: Float64Array;
  readonly #taken: Uint8Array;
  /** Room of sets whose shallowest layer is s or above, (L). */
  readonly #rooms: Float64Array;
  /** Fractional bounds by s, (L). */
  readonly #bounds: Float64Array;
  #values: Float64Array = new Float64Array(0);
  #worth = 0;
  #count = 0;
  #best = 0;
  #nodes = 0;

  /** @param reach (L), never rising; absent: nothing. */
  constructor(costs: readonly number[], reach?: readonly number[]) {
    const length = costs.length;
    this.chosen = new Uint8Array(length);
    this.#costs = Float64Array.from(costs);
    this.#reach = reach?.some((r) => r > 0) ? Float64Array.from(reach) : null;
    this.#unit = costs.every((c) => c === costs[0]) ? (costs[0] ?? 0) : 0;
    this.work = this.#reach && this.#unit === 0 ? 4 * length : length;
    this.#sorted = new Int32Array(length);
    this.#order = new Int32Array(length);
    this.#ratio = new Float64Array(length);
    this.#taken = new Uint8Array(length);
    this.#rooms = new Float64Array(length);
    this.#bounds = new Float64Array(length);
  }

  /**
   * Chooses among `values` (L); items worth nothing are never taken, ties go to the layer that comes first.
   * @returns the value of the set left in {@link chosen}.
   */
  solve(values: Float64Array, budget: number): number {
    const room = capacity(budget);
    if (this.#reach === null) return this.#within(values, room);
    const rooms = this.#rooms;
    for (let s = 0; s < rooms.length; s++) rooms[s] = room - this.#reach[s]!;
    return this.solveRooms(values, rooms);
  }

  /**
   * As {@link solve}, where sets have the room `rooms[s]` (L) when their shallowest layer is s; rooms never fall with s.
   * Where costs are equal, of sets of the same value the one that reaches the least far is taken.
   */
  solveRooms(values: Float64Array, rooms: Float64Array): number {
    return this.#unit > 0 ? this.#ranking(values, rooms) : this.#stages(values, rooms);
  }

  #within(values: Float64Array, room: number): number {
    this.chosen.fill(0);
    this.#best = 0;
    this.#nodes = 0;
    if (this.#unit === 0) {
      this.#sortByRatio(values);
      this.bound = this.#general(values, 0, room);
    } else this.bound = this.#topK(values, Math.floor(room / this.#unit));
    return this.#best;
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
    this.#best = sum;
    return sum;
  }

  /**
   * Equal costs: from the top down, the best layers so far are kept in order of their values, as many as there is room
   * for at the present depth, which only shrinks.
   */
  #ranking(values: Float64Array, rooms: Float64Array): number {
    const { chosen } = this;
    const ranked = this.#order;
    chosen.fill(0);
    let count = 0;
    let sum = 0;
    let best = 0;
    for (let s = values.length - 1; s >= 0; s--) {
      const v = values[s]!;
      const most = Math.floor(rooms[s]! / this.#unit);
      if (most <= 0) break;
      if (v > 0) {
        let p = count++;
        while (p > 0 && values[ranked[p - 1]!]! <= v) {
          ranked[p] = ranked[p - 1]!;
          p--;
        }
        ranked[p] = s;
        sum += v;
      }
      while (count > most) sum -= values[ranked[--count]!]!;
      if (sum > best * (1 + 1e-13)) {
        best = sum;
        chosen.fill(0);
        for (let p = 0; p < count; p++) chosen[ranked[p]!] = 1;
      }
    }
    // summed anew: taking away leaves rounding noise
    let value = 0;
    for (let l = 0; l < values.length; l++) if (chosen[l] === 1) value += values[l]!;
    this.#best = value;
    this.bound = value;
    return value;
  }

  /** General costs: the depth of the highest fractional bound first, so that the others are mostly ruled out by it. */
  #stages(values: Float64Array, rooms: Float64Array): number {
    const bounds = this.#bounds;
    this.chosen.fill(0);
    this.#best = 0;
    this.#nodes = 0;
    this.#sortByRatio(values);
    this.#values = values;
    for (let s = 0; s < bounds.length; s++) {
      bounds[s] = 0;
      if (!(values[s]! > 0) || this.#costs[s]! > rooms[s]!) continue; // a set without s is one of the depths above
      this.#pick(s, rooms[s]!);
      bounds[s] = this.#fractional(0, rooms[s]!);
    }
    let bound = 0;
    for (;;) {
      let deepest = bounds.length;
      let highest = this.#best * (1 + 1e-13);
      for (let s = bounds.length - 1; s >= 0; s--) {
        if (bounds[s]! <= highest) continue;
        highest = bounds[s]!;
        deepest = s;
      }
      if (deepest === bounds.length) break;
      bounds[deepest] = 0;
      bound = Math.max(bound, this.#general(values, deepest, rooms[deepest]!));
    }
    this.bound = Math.max(bound, this.#best);
    return this.#best;
  }

  /** Looks for a better set of the layers from `from` on; returns an upper bound on those, or the best value so far. */
  #general(values: Float64Array, from: number, room: number): number {
    this.#values = values;
    const cost = this.#pick(from, room);
    if (cost <= room) {
      let sum = 0;
      for (let p = 0; p < this.#count; p++) sum += values[this.#order[p]!]!;
      if (sum <= this.#best) return this.#best;
      this.#best = sum;
      this.chosen.fill(0);
      for (let p = 0; p < this.#count; p++) this.chosen[this.#order[p]!] = 1;
      return sum;
    }
    this.#taken.fill(0);
    const fractional = this.#fractional(0, room);
    this.#search(0, room, 0);
    return this.#nodes > maxNodes ? fractional : this.#best;
  }

  #sortByRatio(values: Float64Array): void {
    const costs = this.#costs;
    const sorted = this.#sorted;
    const ratio = this.#ratio;
    let count = 0;
    for (let l = 0; l < values.length; l++) {
      if (!(values[l]! > 0)) continue;
      const r = values[l]! / costs[l]!;
      ratio[l] = r;
      let p = count++;
      while (p > 0 && ratio[sorted[p - 1]!]! < r) {
        sorted[p] = sorted[p - 1]!;
        p--;
      }
      sorted[p] = l;
    }
    this.#worth = count;
  }

  /** Lists the items from `from` on that fit on their own; returns what all of them cost. */
  #pick(from: number, room: number): number {
    let count = 0;
    let total = 0;
    for (let p = 0; p < this.#worth; p++) {
      const l = this.#sorted[p]!;
      const c = this.#costs[l]!;
      if (l < from || c > room) continue;
      total += c;
      this.#order[count++] = l;
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
