import { defineRule } from '../define-rule.ts';
import { meanOfRanks } from '../ranks.ts';

/** Coordinate-wise median: of an even number, the mean of the two in the middle. */
export const median = defineRule({
  name: 'median',
  title: 'Median',
  text: 'The middle value of every coordinate; participants count alike.',
  source: 'Yin et al., arXiv 1803.01498',
  options: {},
  fields: [],
  start: () => ({}),
  sideBySide: true,
  create: () => (updates, elements, emit) => {
    const n = updates.length;
    return meanOfRanks(updates, elements, emit, Math.floor((n - 1) / 2), Math.floor(n / 2));
  },
});
