import { checkedClients } from '../input.ts';
import { Knapsack } from '../p1/knapsack.ts';
import { completeScores } from '../scores.ts';
import type { ScoredStrategy, ScoreKind } from '../strategy.ts';

/**
 * Every client takes the layers of highest score that its budget holds, whatever the others do: P1 with lambda 0.
 * By score this is gradient-norm, rgn (Lee et al., "Surgical Fine-Tuning", arXiv 2210.11466) or
 * snr (Mahsereci et al., arXiv 1703.09580), the baselines of Sun et al. (arXiv 2408.15600).
 */
export function ownBest(name: string, score: ScoreKind): ScoredStrategy {
  return {
    name,
    needs: 'scores',
    score,
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
