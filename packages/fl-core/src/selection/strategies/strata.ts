import { checkedClients } from '../input.ts';
import type { MaskProblem } from '../p1/problem.ts';
import { type SolveLimits, solveMasks } from '../p1/solve.ts';
import { topUp } from '../p1/top-up.ts';
import { completeScores, meanOf } from '../scores.ts';
import type { ScoredStrategy } from '../strategy.ts';

export interface StrataOptions {
  /** Price of disagreeing, >= 0. */
  readonly lambda: number;
  /** `relative` (default): in units of the mean score over clients and layers, since raw norms have no scale. */
  readonly lambdaScale?: 'relative' | 'absolute';
}

/**
 * P1 (Sun et al., arXiv 2408.15600): important layers for each client, and agreement between the clients, traded
 * by lambda; then the nested top-up. `objective`, `bound` and `proved` are those of P1, before the top-up.
 */
export function strata(options: StrataOptions, limits: SolveLimits = {}): ScoredStrategy {
  return {
    name: 'strata',
    needs: 'scores',
    score: 'squared-norm',
    select: (input) => {
      const clients = checkedClients(input);
      const scores = completeScores(clients, input.layers.length);
      const problem: MaskProblem = {
        scores,
        costs: input.costs,
        budgets: clients.map((c) => c.budget),
        lambda: options.lambda * (options.lambdaScale === 'absolute' ? 1 : meanOf(scores)),
      };
      const { masks, objective, bound, proved } = solveMasks(problem, limits);
      const full = topUp(problem, masks);
      const named = clients.map((c, i) => [c.id, input.layers.filter((_, l) => full[i]![l] === 1)] as const);
      return { masks: Object.fromEntries(named), objective, bound, proved };
    },
  };
}
