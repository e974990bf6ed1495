import { random } from '../../random.ts';
import { maskCost } from '../mask-cost.ts';
import { groupsHold, type MaskProblem, objective } from '../p1/problem.ts';

/** Instances and oracles for the tests and benchmarks of P1. */

/**
 * `unit`: layers alike; `general`: integers of about 3; `depth`: layers alike, and passing through one costs about as
 * much as training it, as in Transformers; `general-depth`: both differ from layer to layer, as in convolutional nets.
 */
export const costKinds = ['unit', 'general', 'depth', 'general-depth'] as const;
export type CostKind = (typeof costKinds)[number];

export interface InstanceOptions {
  readonly clients: number;
  readonly layers: number;
  readonly costs: CostKind;
  /** In units of the mean score. */
  readonly lambda: number;
  /** Budgets are drawn from [min, max], in layers of mean cost. */
  readonly budgets?: readonly [min: number, max: number];
  readonly minimumGroup?: number;
  readonly seed: number;
}

/**
 * A random instance that looks like measured scores: log-normal, with an effect of the layer (shared by the
 * clients), one of the client, and noise.
 */
export function randomProblem(options: InstanceOptions): MaskProblem {
  const { clients, layers, lambda, minimumGroup } = options;
  const [min, max] = options.budgets ?? [1, 4];
  const r = random('p1-instance', options.seed, clients, layers, options.costs);
  const layerEffect = Array.from({ length: layers }, () => 0.7 * r.normal());
  const scores = Array.from({ length: clients }, () => {
    const clientEffect = 0.5 * r.normal();
    return layerEffect.map((effect) => Math.exp(effect + clientEffect + 0.8 * r.normal()));
  });
  const drawn = () => Math.max(1, Math.round(3 * Math.exp(0.8 * r.normal())));
  const alike = options.costs === 'unit' || options.costs === 'depth';
  const costs = layerEffect.map(() => (alike ? 1 : drawn()));
  const passing = options.costs.endsWith('depth') ? costs.map(() => (alike ? 1.25 : drawn())) : null;
  const reach = passing?.map((_, s) => passing.slice(s).reduce((a, b) => a + b, 0));
  const each = (costs.reduce((a, b) => a + b, 0) + (passing ?? []).reduce((a, b) => a + b, 0)) / layers;
  const cheapest = Math.min(...costs.map((_, l) => maskCost({ costs, reach }, [l])));
  const budgets = scores.map(() => {
    const amount = min + r.below(max - min + 1);
    return options.costs === 'unit' ? amount : Math.max(cheapest, Math.round(amount * each));
  });
  const mean = scores.flat().reduce((a, b) => a + b, 0) / (clients * layers);
  return { scores, costs, reach, budgets, lambda: lambda * mean, minimumGroup };
}

/** Total cost of a mask. */
export function costOf(problem: MaskProblem, mask: Uint8Array): number {
  return maskCost(
    problem,
    [...mask.keys()].filter((l) => mask[l] === 1),
  );
}

/** The best objective over all masks within the budgets whose groups are large enough, by trying them all: at most about 2^20 of them. */
export function bruteForce(problem: MaskProblem): number {
  const layers = problem.costs.length;
  const sets = Array.from({ length: 2 ** layers }, (_, bits) =>
    Uint8Array.from({ length: layers }, (_, l) => (bits >> l) & 1),
  );
  const affordable = problem.budgets.map((budget) => sets.filter((s) => costOf(problem, s) <= budget));
  const masks: Uint8Array[] = [];
  let best = Number.NEGATIVE_INFINITY;
  const extend = (i: number): void => {
    if (i === problem.budgets.length) {
      if (groupsHold(masks, problem.minimumGroup ?? 1)) best = Math.max(best, objective(problem, masks));
      return;
    }
    for (const set of affordable[i]!) {
      masks[i] = set;
      extend(i + 1);
    }
  };
  extend(0);
  return best;
}

/**
 * Shares of a score that clients have in common and of their own: log-normal, the common part with a deviation of 1, a
 * client's own with `spread`, each client's scaled to a sum of 1. Layers cost 1, everybody has the same budget, lambda is 0.
 */
export function ownAndCommon(options: {
  readonly clients: number;
  readonly layers: number;
  readonly budget: number;
  readonly spread: number;
  readonly seed: number;
}): MaskProblem {
  const { clients, layers, budget, spread } = options;
  const r = random('own-and-common', options.seed, clients, layers);
  const common = Array.from({ length: layers }, () => r.normal());
  const scores = Array.from({ length: clients }, () => {
    const row = common.map((c) => Math.exp(c + spread * r.normal()));
    const total = row.reduce((a, b) => a + b, 0);
    return row.map((s) => s / total);
  });
  return {
    scores,
    costs: Array<number>(layers).fill(1),
    budgets: Array<number>(clients).fill(budget),
    lambda: 0,
  };
}
