import { byzantineField, refuseFewer } from '../byzantine.ts';
import { defineRule } from '../define-rule.ts';
import { meanOfRanks, rankByzantine, rankDemand } from '../ranks.ts';

/** Coordinate-wise median: of an even number, the mean of the two in the middle. */
export const median = defineRule({
  name: 'median',
  title: 'Median',
  text: 'The middle value of every coordinate; participants count alike.',
  source: 'Yin et al., arXiv 1803.01498',
  options: { byzantine: rankByzantine },
  fields: [byzantineField],
  start: () => ({}),
  demand: ({ byzantine }, updates) => rankDemand(byzantine, updates),
  averages: false,
  create:
    ({ byzantine }) =>
    async (updates, elements, emit) => {
      const n = updates.length;
      refuseFewer('The median', rankDemand(byzantine, n), n);
      return meanOfRanks(updates, elements, emit, Math.floor((n - 1) / 2), Math.floor(n / 2));
    },
});
