import { z } from 'zod';
import { logGamma } from '../../gamma.ts';
import { type Random, random } from '../../random.ts';
import { defineStrategy } from '../define.ts';
import { checkedClients, takeInOrder } from '../input.ts';
import { meanScores } from '../scores.ts';
import type { HistoricStrategy, SelectionHistory } from '../strategy.ts';

/**
 * AdaGradSelect, carried over from one model to a cohort: a round explores with a probability that falls over time,
 * taking the layers of highest mean gradient norm; otherwise it exploits, drawing layers by a Dirichlet sample over how
 * often each was trained. One order for everybody; each client takes what its budget holds. Rounds that exploit need no
 * scores, and which these are is known before the probe.
 */
export const adaGradSelect = defineStrategy({
  name: 'adagrad-select',
  title: 'AdaGradSelect',
  text: 'Explores by gradients at first, then draws more and more the layers that were trained before.',
  source: 'Kumar et al., arXiv 2512.15764, carried over to a cohort',
  group: 'papers',
  options: {
    /** Probability of exploring in the first turn; a turn is a round in which layers are chosen. */
    epsilon: z.number().min(0).max(1).default(1),
    /** Rate at which it falls: epsilon * exp(-decay * (turn - 1)). */
    decay: z.number().min(0).max(100).default(0.2),
    /** Added to every count of the history before the Dirichlet draw. */
    prior: z.number().positive().max(1e6).default(1),
  },
  fields: [
    {
      kind: 'number',
      option: 'epsilon',
      label: 'ε, exploring at first',
      description: 'Probability in round 1',
      step: 0.1,
    },
    {
      kind: 'number',
      option: 'decay',
      label: 'Decay',
      description: 'ε falls by exp(−decay) a round',
      step: 0.1,
    },
    { kind: 'number', option: 'prior', label: 'Prior', description: 'More: closer to chance', step: 0.5 },
  ],
  start: {},
  heading: ({ epsilon }) => `AdaGradSelect, ε ${epsilon}`,
  create: ({ epsilon, decay, prior }): HistoricStrategy => {
    const explores = (round: number, seed: number): boolean =>
      random(seed, 'adagrad-select', round).uniform() < epsilon * Math.exp(-decay * (round - 1));
    return {
      needs: 'history',
      score: 'squared-norm',
      wantsScores: explores,
      select: (input, history) => {
        const clients = checkedClients(input);
        const { layers, round, seed } = input;
        const counts = layers.map((l) => history?.trained[l] ?? 0);
        const means = explores(round, seed) ? meanScores(clients, layers.length) : null;
        const order = means
          ? [...layers.keys()].sort((a, b) => means[b]! - means[a]! || a - b)
          : drawOrder(
              counts.map((c) => c + prior),
              random(seed, 'adagrad-select', round, 'draw'),
            );
        const masks = clients.map((c) => [c.id, takeInOrder(order, input, c)] as const);
        const trained = layers.map((layer, l) => {
          const share = masks.filter(([, mask]) => mask.includes(l)).length / Math.max(1, clients.length);
          return [layer, counts[l]! + share] as const;
        });
        return {
          masks: Object.fromEntries(masks.map(([id, mask]) => [id, mask.map((l) => layers[l]!)])),
          history: { trained: Object.fromEntries(trained) } satisfies SelectionHistory,
        };
      },
    };
  },
});

/**
 * Layers drawn one by one, without replacement, by probabilities p from Dirichlet(concentration): the keys
 * E_l / p_l with standard exponential E put in ascending order (Efraimidis and Spirakis, IPL 97, 2006). The
 * Dirichlet's common divisor does not change the order, so that its Gamma draws serve as p, in logarithms.
 */
function drawOrder(concentration: readonly number[], draws: Random): number[] {
  const keys = concentration.map((c) => Math.log(-Math.log(1 - draws.uniform())) - logGamma(c, draws));
  return [...keys.keys()].sort((a, b) => keys[a]! - keys[b]!);
}
