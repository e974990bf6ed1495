import { checkedClients } from '../input.ts';
import { diversifyMasks } from '../p1/diversify.ts';
import { completeScores, meanOf } from '../scores.ts';
import type { ScoredStrategy } from '../strategy.ts';

export interface DiversityOptions {
  /** Reward for disagreeing, >= 0, in units of the mean score over clients and layers. */
  readonly reward: number;
}

/**
 * Important layers for each client, and clients that differ: the two goals of F3OCUS (Saha et al., arXiv
 * 2411.11912), which spreads the clients evenly over the layers. There they are importance by the layers' neural
 * tangent kernels and a histogram's variance under meta-heuristics; here squared gradient norms and P1 with the
 * sign of lambda turned, which has the same even histogram as its goal and comes with a bound.
 */
export function diversity({ reward }: DiversityOptions): ScoredStrategy {
  return {
    name: 'diversity',
    needs: 'scores',
    score: 'squared-norm',
    select: (input) => {
      const clients = checkedClients(input);
      const scores = completeScores(clients, input.layers.length);
      const { masks, objective, bound, proved } = diversifyMasks({
        scores,
        costs: input.costs,
        budgets: clients.map((c) => c.budget),
        lambda: -reward * meanOf(scores),
      });
      const named = clients.map((c, i) => [c.id, input.layers.filter((_, l) => masks[i]![l] === 1)] as const);
      return { masks: Object.fromEntries(named), objective, bound, proved };
    },
  };
}
