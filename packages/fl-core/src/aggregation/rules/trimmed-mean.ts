import { z } from 'zod';
import { byzantineField, refuseFewer } from '../byzantine.ts';
import { defineRule } from '../define-rule.ts';
import { meanOfRanks, rankByzantine, rankDemand } from '../ranks.ts';

/**
 * Coordinate-wise mean without the `share` smallest and the `share` largest values, rounded down to whole clients,
 * and without at least as many at each end as may be hostile.
 */
export const trimmedMean = defineRule({
  name: 'trimmed-mean',
  title: 'Trimmed mean',
  text: 'The mean without the largest and the smallest values of every coordinate.',
  source: 'Yin et al., arXiv 1803.01498',
  options: { share: z.number().min(0).lt(0.5), byzantine: rankByzantine },
  fields: [
    { kind: 'number', option: 'share', label: 'Share cut at each end', max: 0.49, step: 0.05 },
    byzantineField,
  ],
  start: () => ({ share: 0.1 }),
  demand: ({ byzantine }, updates) => rankDemand(byzantine, updates),
  averages: false,
  create:
    ({ share, byzantine }) =>
    async (updates, elements, emit) => {
      const n = updates.length;
      refuseFewer('The trimmed mean', rankDemand(byzantine, n), n);
      const cut = Math.max(byzantine, Math.floor(share * n));
      return meanOfRanks(updates, elements, emit, cut, n - 1 - cut);
    },
});
