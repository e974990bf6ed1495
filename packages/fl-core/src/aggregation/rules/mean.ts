import { defineRule } from '../define-rule.ts';
import { bySamples, weightedSum } from '../weighted-sum.ts';

/** R6. */
export const mean = defineRule({
  name: 'mean',
  title: 'Mean',
  text: 'Weighted by samples, whatever is sent: right where all participants are honest, and moved anywhere by one who is not.',
  source: 'FedAvg; McMahan et al., arXiv 1602.05629',
  options: {},
  fields: [],
  start: () => ({}),
  averages: true,
  create: () => (updates, elements, emit) => weightedSum(bySamples(updates), elements, emit),
});
