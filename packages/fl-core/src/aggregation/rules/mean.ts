import { defineRule } from '../define-rule.ts';
import { bySamples, weightedSum } from '../weighted-sum.ts';

/** R6. */
export const mean = defineRule({
  name: 'mean',
  title: 'Mean',
  text: 'Weighted by samples. Right where all participants are honest.',
  source: 'FedAvg; McMahan et al., arXiv 1602.05629',
  options: {},
  fields: [],
  start: () => ({}),
  sideBySide: false,
  create: () => (updates, elements, emit) => weightedSum(bySamples(updates), elements, emit),
});
