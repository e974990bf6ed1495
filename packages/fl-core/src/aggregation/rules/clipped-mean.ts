import { z } from 'zod';
import { lowerMedian } from '../../median.ts';
import { meanWithin } from '../clipping.ts';
import { defineRule } from '../define-rule.ts';

/**
 * A change of the layer that is longer than `factor` times the lower median of all of them is scaled down to that; the
 * rest is the weighted mean. The limit follows the run, so that nobody has to know how long changes are.
 */
export const clippedMean = defineRule({
  name: 'clipped-mean',
  title: 'Clipped mean',
  text: 'Weighted by samples; a change much longer than those of the others is scaled down first, so that a few hostile participants slow a run rather than wreck it.',
  source: 'The median as a limit: Andrew et al., arXiv 1905.03871, here a layer and a round',
  options: {
    /** Longest change, in lengths of the median change. */
    factor: z.number().min(1).max(1e6).default(1.5),
  },
  fields: [
    {
      kind: 'number',
      option: 'factor',
      label: 'Longest change',
      description: 'In lengths of the median change',
      step: 0.5,
    },
  ],
  start: () => ({}),
  averages: true,
  create:
    ({ factor }) =>
    (updates, elements, emit) =>
      meanWithin(updates, elements, emit, (norms) => factor * (lowerMedian(norms) ?? 0)),
});
