import { random } from '../../random.ts';
import { type MaskProblem, objective } from '../p1/problem.ts';

/** Instances and oracles for the tests and benchmarks of P1. */

export interface InstanceOptions {
  readonly clients: number;
  readonly layers: number;
  readonly costs: 'unit' | 'general';
  /** In units of the mean score. */
  readonly lambda: number;
  /** Budgets are drawn from [min, max], in layers of mean cost. */
  readonly budgets?: readonly [min: number, max: number];
  readonly seed: number;
}

/**
 * A random instance that looks like measured scores: log-normal, with an effect of the layer (shared by the
 * clients), one of the client, and noise. General costs are integers of about 3.
 */
export function randomProblem(options: InstanceOptions): MaskProblem {
  const { clients, layers, lambda } = options;
  const [min, max] = options.budgets ?? [1, 4];
  const r = random('p1-instance', options.seed, clients, layers, options.costs);
  const layerEffect = Array.from({ length: layers }, () => 0.7 * r.normal());
  const scores = Array.from({ length: clients }, () => {
    const clientEffect = 0.5 * r.normal();
    return layerEffect.map((effect) => Math.exp(effect + clientEffect + 0.8 * r.normal()));
  });
  const costs = layerEffect.map(() =>
    options.costs === 'unit' ? 1 : Math.max(1, Math.round(3 * Math.exp(0.8 * r.normal()))),
  );
  const meanCost = costs.reduce((a, b) => a + b, 0) / layers;
  const budgets = scores.map(() => {
    const amount = min + r.below(max - min + 1);
    return options.costs === 'unit' ? amount : Math.max(Math.min(...costs), Math.round(amount * meanCost));
  });
  const mean = scores.flat().reduce((a, b) => a + b, 0) / (clients * layers);
  return { scores, costs, budgets, lambda: lambda * mean };
}

/** Total cost of a mask. */
export function costOf(problem: MaskProblem, mask: Uint8Array): number {
  return problem.costs.reduce((sum, c, l) => sum + c * mask[l]!, 0);
}

/** The best objective over all masks within the budgets, by trying them all: at most about 2^20 of them. */
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
      best = Math.max(best, objective(problem, masks));
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
