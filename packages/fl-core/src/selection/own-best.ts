import { checkedClients, pricesOf } from './input.ts';
import { Knapsack } from './p1/knapsack.ts';
import type { ScoreKind } from './score-kinds.ts';
import { completeScores } from './scores.ts';
import type { ScoredStrategy } from './strategy.ts';

/** Every client takes the layers of highest score that its budget holds, whatever the others do: P1 with lambda 0. */
export function ownBest(score: ScoreKind): ScoredStrategy {
  return {
    needs: 'scores',
    score,
    select: (input) => {
      const clients = checkedClients(input);
      const scores = completeScores(clients, input.layers.length);
      const common = new Knapsack(input.costs, input.reach);
      const masks = clients.map((c, i) => {
        const { costs, budget } = pricesOf(input, c);
        const knapsack = c.own ? new Knapsack(costs.costs, costs.reach) : common;
        const values = scores[i]!.map((s, l) => (input.closed?.has(l) ? 0 : s));
        knapsack.solve(Float64Array.from(values), budget);
        return [c.id, input.layers.filter((_, l) => knapsack.chosen[l] === 1)] as const;
      });
      return { masks: Object.fromEntries(masks) };
    },
  };
}
