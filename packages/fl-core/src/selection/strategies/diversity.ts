import { z } from 'zod';
import { defineStrategy } from '../define.ts';
import { checkedClients, masksOfOpen, openLayers } from '../input.ts';
import { diversifyMasks } from '../p1/diversify.ts';
import { completeScores, meanOf } from '../scores.ts';
import type { ScoredStrategy } from '../strategy.ts';

/**
 * Important layers for each client, and clients that differ: the two goals of F3OCUS, which spreads the clients evenly
 * over the layers. There they are importance by the layers' neural tangent kernels and a histogram's variance under
 * meta-heuristics; here squared gradient norms and P1 with the sign of lambda turned, which has the same even histogram
 * as its goal and comes with a bound.
 */
export const diversity = defineStrategy({
  name: 'diversity',
  title: 'Diversity',
  text: 'Rewards participants for differing, so that together they train every layer evenly.',
  source: 'After F3OCUS; Saha et al., arXiv 2411.11912: P1 with the sign of λ turned',
  group: 'papers',
  options: {
    /** Reward for disagreeing, in units of the mean score over clients and layers. */
    reward: z.number().min(0).max(1e6),
  },
  fields: [
    {
      kind: 'price',
      option: 'reward',
      label: 'Reward for differing',
      short: 'Reward',
      description: 'In units of the mean score.',
      words: rewardWords,
    },
  ],
  start: { reward: 1 },
  heading: ({ reward }) => `diversity, reward ${reward}`,
  create: ({ reward }): ScoredStrategy => ({
    needs: 'scores',
    score: 'squared-norm',
    select: (input) => {
      const clients = checkedClients(input);
      const scores = completeScores(clients, input.layers.length);
      const { open, ofOpen } = openLayers(input);
      const { masks, objective, bound, proved } = diversifyMasks({
        scores: scores.map(ofOpen),
        costs: ofOpen(input.costs),
        reach: input.reach && ofOpen(input.reach),
        budgets: clients.map((c) => c.budget),
        lambda: -reward * meanOf(scores),
      });
      return { masks: masksOfOpen(input, open, clients, masks), objective, bound, proved };
    },
  }),
});

function rewardWords(reward: number): string {
  if (reward === 0) return 'Everyone trains its own best layers.';
  if (reward < 0.3) return 'Own layers first; close calls go to layers that few others train.';
  if (reward < 2) return 'Participants spread out wherever that costs little importance.';
  return 'All layers are trained about equally often, whatever they matter.';
}
