import { capacity } from '../input.ts';
import { maskCost } from '../mask-cost.ts';
import type { Ascent } from './ascent.ts';
import { type CountBounds, Decomposition } from './decomposition.ts';
import { MaxHeap } from './heap.ts';

/** A part of the search space: all masks whose counts k_l, the numbers of clients a layer, lie in an interval. */
interface Node extends CountBounds {
  readonly bound: number;
  /** Prices of the best bound, (N, L); children start from them. */
  readonly prices: Float64Array;
  /** Mean and variance of the layers' counts along the way: where they waver, the relaxation mixes. */
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** Subgradient steps: at the root, inside, and where all intervals are single points and only prices can help. */
const steps = { root: 200, inside: 20, leaf: 1500 } as const;

/** With a smallest group, where prices are slow to meet: factor of Polyak's steps at first, and the one below which it is that again. */
const longest = 1.9;
const shortest = 0.01;

/**
 * Best-first branch and bound for P1 (lambda >= 0) on the counts k_l, with the bounds of {@link Decomposition}; they
 * are loose only where a layer wavers between few and many clients, which a split of its interval settles. The masks
 * met on the way, and where block ascent leads from them, are tried as solutions.
 *
 * Improves the best masks of `ascent` until they are proved or its effort is spent.
 * @returns an upper bound on the objective, in the units of `ascent.problem`.
 */
export function branchAndBound(ascent: Ascent): number {
  const { layers, budgets, minimumGroup } = ascent.problem;
  const decomposition = new Decomposition(ascent);
  // No more clients can take a layer than can afford it, and nobody where those are too few.
  const able = Int32Array.from({ length: layers }, (_, l) => {
    const alone = maskCost(ascent.problem, [l]);
    const most = budgets.filter((b) => capacity(b) >= alone).length;
    return most < minimumGroup ? 0 : most;
  });
  const open = new MaxHeap<Node>((node) => node.bound);
  const everything = { low: new Int32Array(layers), high: able };
  const start = decomposition.startingPrices();
  open.push(boundNode(ascent, decomposition, everything, start, Number.POSITIVE_INFINITY, steps.root));
  /** Bound of the leaves that prices could not close. */
  let unresolved = Number.NEGATIVE_INFINITY;
  for (let node = open.pop(); node; node = open.pop()) {
    const bound = Math.max(unresolved, node.bound);
    if (ascent.proves(node.bound)) return Math.max(ascent.bestValue, bound);
    if (ascent.effort.spent) return bound;
    const layer = mostWavering(node, minimumGroup);
    if (layer < 0) {
      unresolved = bound;
      continue;
    }
    for (const half of split(node, layer, minimumGroup)) {
      const child = boundNode(ascent, decomposition, half, node.prices, node.bound, steps.inside);
      if (!ascent.proves(child.bound)) open.push(child);
    }
  }
  return Math.max(ascent.bestValue, unresolved);
}

/** Looks for the prices of the lowest bound by a subgradient method with Polyak's steps. */
function boundNode(
  ascent: Ascent,
  decomposition: Decomposition,
  counts: CountBounds,
  from: Float64Array,
  parentBound: number,
  inside: number,
): Node {
  const { low, high } = counts;
  const { layers, lambda, minimumGroup } = ascent.problem;
  const prices = from.slice();
  let lowest = Number.POSITIVE_INFINITY;
  let best = from;
  // Polyak's steps go to where the bound would meet the best value; longer ones end inside of where it does, not before it.
  const first = minimumGroup > 1 ? longest : 1;
  let step = first;
  let stalled = 0;
  const mean = new Float64Array(layers);
  const squares = new Float64Array(layers);
  const most = low.every((a, l) => a === high[l]) ? steps.leaf : inside;
  let done = 0;
  while (done < most) {
    const { bound, difference } = decomposition.evaluate(prices, counts);
    if (bound < lowest) {
      lowest = bound;
      best = prices.slice();
      stalled = 0;
    } else if (++stalled === 3) {
      stalled = 0;
      if (minimumGroup > 1 && step < shortest) {
        step = first;
        prices.set(best);
      } else step /= 2;
    }
    for (let l = 0; l < layers; l++) {
      mean[l]! += decomposition.wanted[l]!;
      squares[l]! += decomposition.wanted[l]! ** 2;
    }
    if (done === 0) ascent.ascend(lambda, 4);
    ascent.keep();
    done++;
    if (difference === 0 || ascent.proves(Math.min(lowest, parentBound)) || ascent.effort.spent) break;
    decomposition.move(prices, (step * (bound - ascent.bestValue)) / difference);
  }
  return {
    low,
    high,
    bound: Math.min(lowest, parentBound),
    prices: best,
    mean: mean.map((sum) => sum / done),
    variance: squares.map((sum, l) => sum / done - (mean[l]! / done) ** 2),
  };
}

/** -1 when no interval is left to split. Whether a layer has a group at all comes before how large it is. */
function mostWavering({ low, high, variance }: Node, minimumGroup: number): number {
  let layer = -1;
  let most = 0;
  let unsettled = false;
  for (let l = 0; l < low.length; l++) {
    const width = high[l]! - low[l]!;
    const wavering = Math.max(variance[l]!, 0) + 1e-9 * width;
    if (width === 0) continue;
    const open = minimumGroup > 1 && low[l] === 0 && variance[l]! > 1e-9;
    if (open === unsettled ? wavering > most : open) {
      unsettled = open;
      most = wavering;
      layer = l;
    }
  }
  return layer;
}

/** Counts of the layer up to its mean in the node, and above it; where groups have a smallest size, nobody and a group first. */
function split({ low, high, mean }: Node, layer: number, minimumGroup: number): CountBounds[] {
  const founding = minimumGroup > 1 && low[layer] === 0;
  const at = founding ? 0 : Math.min(Math.max(Math.floor(mean[layer]!), low[layer]!), high[layer]! - 1);
  const below = high.slice();
  below[layer] = at;
  const above = low.slice();
  above[layer] = founding ? minimumGroup : at + 1;
  return [
    { low, high: below },
    { low: above, high },
  ];
}
