import { z } from 'zod';
import { lowerMedian } from '../../median.ts';
import { clippedMean } from '../clipping.ts';
import { defineRule } from '../define-rule.ts';

/**
 * A change of the layer that is longer than `factor` times the lower median of all of them is scaled down to that; the
 * rest is the weighted mean. The limit follows the run, so that nobody has to know how long changes are.
 */
export const medianClipping = defineRule({
  name: 'median-clipping',
  title: 'Clipping to the median',
  text: 'The mean; a change that is much longer than the others is scaled down first.',
  source: 'The median as a limit: Andrew et al., arXiv 1905.03871, here a layer and a round',
  options: {
    /** Longest change, in lengths of the median change. */
    factor: z.number().min(1).max(1e6).default(2),
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
  sideBySide: false,
  create:
    ({ factor }) =>
    (updates, elements, emit) =>
      clippedMean(updates, elements, emit, (norms) => factor * (lowerMedian(norms) ?? 0)),
});
