import { checkedClients } from './input.ts';
import { Knapsack } from './p1/knapsack.ts';
import { completeScores } from './scores.ts';
import type { ScoredStrategy, ScoreKind } from './strategy.ts';

/** Every client takes the layers of highest score that its budget holds, whatever the others do: P1 with lambda 0. */
export function ownBest(score: ScoreKind): ScoredStrategy {
  return {
    needs: 'scores',
    score,
    ownChoice: true,
    select: (input) => {
      const clients = checkedClients(input);
      const scores = completeScores(clients, input.layers.length);
      const knapsack = new Knapsack(input.costs);
      const masks = clients.map((c, i) => {
        knapsack.solve(Float64Array.from(scores[i]!), c.budget);
        return [c.id, input.layers.filter((_, l) => knapsack.chosen[l] === 1)] as const;
      });
      return { masks: Object.fromEntries(masks) };
    },
  };
}
