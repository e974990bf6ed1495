import { capacity } from '../input.ts';
import type { Ascent } from './ascent.ts';
import { MaxHeap } from './heap.ts';

/**
 * Branch and bound for P1 (lambda >= 0) on the counts k_l, the number of clients that take layer l.
 *
 * In a node every count lies in an interval [a_l, b_l]. There the disagreement term -lambda k (N - k), convex in
 * k, is at most its chord lambda (a + b - N) k - lambda a b. With the chord the clients are independent but for
 * a <= k <= b, which Lagrange multipliers w price: w > 0 pays for every client above a, w < 0 charges for every
 * client below b. What is left is one knapsack a client, so that any w gives an upper bound; a subgradient method
 * looks for a good w. Splitting the interval of the layer with the widest chord gap makes the chords meet the curve.
 */
interface Node {
  /** a_l and b_l, (L). */
  readonly low: Int32Array;
  readonly high: Int32Array;
  /** w_l of the best bound, (L); children start from them. */
  readonly prices: Float64Array;
  /** k_l of the masks that gave the best bound, (L). */
  readonly counts: Int32Array;
  readonly bound: number;
}

/** Subgradient steps a node, and one whose intervals are single points, where only prices can close the gap. */
const stepsInside = 12;
const stepsAtLeaf = 100;

/**
 * Improves the best masks of `ascent` until they are proved or its effort is spent.
 * @returns an upper bound on the objective, in the units of `ascent.problem`.
 */
export function branchAndBound(ascent: Ascent): number {
  const { layers, costs, budgets } = ascent.problem;
  const search = new NodeSearch(ascent);
  // No more clients can take a layer than can afford it.
  const able = Int32Array.from(costs, (c) => budgets.filter((b) => capacity(b) >= c).length);
  const open = new MaxHeap<Node>((node) => node.bound);
  const root = search.node(new Int32Array(layers), able, new Float64Array(layers), Number.POSITIVE_INFINITY);
  open.push(root);
  /** Bound of the leaves that prices could not close. */
  let unresolved = Number.NEGATIVE_INFINITY;
  for (let node = open.pop(); node; node = open.pop()) {
    if (ascent.proves(node.bound)) return Math.max(ascent.bestValue, unresolved, node.bound);
    if (ascent.effort.spent) return Math.max(unresolved, node.bound);
    const layer = search.widest(node);
    if (layer < 0) {
      unresolved = Math.max(unresolved, node.bound);
      continue;
    }
    for (const child of search.split(node, layer)) if (!ascent.proves(child.bound)) open.push(child);
  }
  return Math.max(ascent.bestValue, unresolved);
}

class NodeSearch {
  readonly #ascent: Ascent;
  readonly #slope: Float64Array;
  readonly #gradient: Float64Array;

  constructor(ascent: Ascent) {
    this.#ascent = ascent;
    this.#slope = new Float64Array(ascent.problem.layers);
    this.#gradient = new Float64Array(ascent.problem.layers);
  }

  /** Bounds a node by a subgradient method; tries the masks that it meets, and where they lead, as solutions. */
  node(low: Int32Array, high: Int32Array, from: Float64Array, parentBound: number): Node {
    const ascent = this.#ascent;
    const prices = from.slice();
    const best = { bound: parentBound, prices: from, counts: new Int32Array(low.length) };
    let improved = false;
    let step = 1;
    let stalled = 0;
    const steps = low.every((a, l) => a === high[l]) ? stepsAtLeaf : stepsInside;
    for (let s = 0; s < steps; s++) {
      const bound = this.#relaxed(low, high, prices);
      if (!improved || bound < best.bound) {
        best.bound = Math.min(bound, best.bound);
        best.prices = prices.slice();
        best.counts.set(ascent.counts);
        improved = true;
        stalled = 0;
      } else if (++stalled === 3) {
        step /= 2;
        stalled = 0;
      }
      this.#subgradient(low, high, prices);
      if (s === 0) ascent.ascend(ascent.problem.lambda, 4);
      ascent.keep();
      if (ascent.proves(best.bound) || ascent.effort.spent) break;
      if (!this.#move(prices, step * Math.max(bound - ascent.bestValue, 1e-9))) break;
    }
    return { low, high, ...best };
  }

  /** Upper bound for these prices; the masks behind it are left in `ascent`. */
  #relaxed(low: Int32Array, high: Int32Array, prices: Float64Array): number {
    const { clients, lambda } = this.#ascent.problem;
    let constant = 0;
    for (let l = 0; l < prices.length; l++) {
      const a = low[l]!;
      const b = high[l]!;
      const w = prices[l]!;
      this.#slope[l] = lambda * (a + b - clients) + w;
      constant -= lambda * a * b + w * (w > 0 ? a : b);
    }
    return constant + this.#ascent.respond(this.#slope);
  }

  /** How far the counts overrun (> 0) or miss (< 0) what the prices ask for. */
  #subgradient(low: Int32Array, high: Int32Array, prices: Float64Array): void {
    const { counts } = this.#ascent;
    for (let l = 0; l < prices.length; l++) {
      const k = counts[l]!;
      const w = prices[l]!;
      const wanted = w > 0 ? low[l]! : w < 0 ? high[l]! : Math.min(Math.max(k, low[l]!), high[l]!);
      this.#gradient[l] = k - wanted;
    }
  }

  /** Polyak's step on the prices; false when the subgradient is zero: the bound cannot get better. */
  #move(prices: Float64Array, gap: number): boolean {
    const square = this.#gradient.reduce((sum, g) => sum + g * g, 0);
    if (square === 0) return false;
    for (let l = 0; l < prices.length; l++) {
      const before = prices[l]!;
      const after = before - (gap / square) * this.#gradient[l]!;
      prices[l] = before * after < 0 ? 0 : after; // the bound has a kink at 0: do not jump over it
    }
    return true;
  }

  /** The layer whose chord lies highest above the curve at the node's counts; -1 when no interval is left. */
  widest(node: Node): number {
    let layer = -1;
    let widest = -1;
    for (let l = 0; l < node.low.length; l++) {
      const a = node.low[l]!;
      const b = node.high[l]!;
      if (a === b) continue;
      const k = Math.min(Math.max(node.counts[l]!, a), b);
      const gap = (k - a) * (b - k) || 1e-9 * (b - a);
      if (gap > widest) {
        widest = gap;
        layer = l;
      }
    }
    return layer;
  }

  /** Two nodes: at most, and more than, the count that the layer has in the node's masks. */
  split(node: Node, layer: number): Node[] {
    const at = Math.min(Math.max(node.counts[layer]!, node.low[layer]!), node.high[layer]! - 1);
    const below = node.high.slice();
    below[layer] = at;
    const above = node.low.slice();
    above[layer] = at + 1;
    return [
      this.node(node.low, below, node.prices, node.bound),
      this.node(above, node.high, node.prices, node.bound),
    ];
  }
}
