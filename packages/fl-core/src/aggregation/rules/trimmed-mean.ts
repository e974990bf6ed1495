import { z } from 'zod';
import { defineRule } from '../define-rule.ts';
import { meanOfRanks } from '../ranks.ts';

/** Coordinate-wise mean without the `share` smallest and the `share` largest values, rounded down to whole clients. */
export const trimmedMean = defineRule({
  name: 'trimmed-mean',
  title: 'Trimmed mean',
  text: 'The mean without the largest and the smallest values of every coordinate.',
  source: 'Yin et al., arXiv 1803.01498',
  options: { share: z.number().min(0).lt(0.5) },
  fields: [{ kind: 'number', option: 'share', label: 'Share cut at each end', max: 0.49, step: 0.05 }],
  start: () => ({ share: 0.1 }),
  sideBySide: true,
  create:
    ({ share }) =>
    (updates, elements, emit) => {
      const cut = Math.floor(share * updates.length);
      return meanOfRanks(updates, elements, emit, cut, updates.length - 1 - cut);
    },
});
