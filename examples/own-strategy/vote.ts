import type { ClientInput, ScoredStrategy, SelectionInput } from '@strata/fl-core/selection';

/** Layers by falling value, the earlier one first where they are equal; those that fit into the budget. */
function affordable(values: readonly number[], costs: readonly number[], budget: number): number[] {
  let room = budget;
  return [...values.keys()]
    .sort((a, b) => values[b]! - values[a]! || a - b)
    .filter((l) => {
      if (costs[l]! > room) return false;
      room -= costs[l]!;
      return true;
    });
}

/**
 * A strategy of one's own, a function of numbers and names: every client votes for the layers that it would train
 * alone, and all train those with the most votes, as many as each can afford.
 */
export const vote: ScoredStrategy = {
  needs: 'scores',
  score: 'squared-norm',
  select({ layers, costs, clients }: SelectionInput) {
    const votes = layers.map(() => 0);
    for (const { scores, budget } of clients) {
      // A client whose probe did not arrive has no vote.
      for (const l of scores === null ? [] : affordable(scores, costs, budget)) votes[l]! += 1;
    }
    const maskOf = ({ budget }: ClientInput) => {
      const chosen = new Set(affordable(votes, costs, budget));
      return layers.filter((_, l) => chosen.has(l));
    };
    return { masks: Object.fromEntries(clients.map((client) => [client.id, maskOf(client)])) };
  },
};
