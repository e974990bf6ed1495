import {
  type ClientInput,
  type ScoredStrategy,
  type SelectionInput,
  takeInOrder,
} from '@strata/fl-core/selection';

/** Layers by falling value, the earlier one first where they are equal; those that the client can afford. */
function affordable(values: readonly number[], input: SelectionInput, client: ClientInput): number[] {
  const order = [...values.keys()].sort((a, b) => values[b]! - values[a]! || a - b);
  return takeInOrder(order, input, client);
}

/**
 * A strategy of one's own, a function of numbers and names: every client votes for the layers that it would train
 * alone, and all train those with the most votes, as many as each can afford.
 */
export const vote: ScoredStrategy = {
  needs: 'scores',
  score: 'squared-norm',
  select(input: SelectionInput) {
    const { layers, clients } = input;
    const votes = layers.map(() => 0);
    for (const client of clients) {
      const { scores } = client;
      // A client whose probe did not arrive has no vote.
      for (const l of scores === null ? [] : affordable(scores, input, client)) votes[l]! += 1;
    }
    const maskOf = (client: ClientInput) => {
      const chosen = new Set(affordable(votes, input, client));
      return layers.filter((_, l) => chosen.has(l));
    };
    return { masks: Object.fromEntries(clients.map((client) => [client.id, maskOf(client)])) };
  },
};
