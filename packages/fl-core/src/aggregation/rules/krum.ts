import { byzantineField, byzantineSchema } from '../byzantine.ts';
import { defineRule } from '../define-rule.ts';
import { krumDemand, krumWithstands, meanOfNearest } from '../krum-order.ts';

export const krum = defineRule({
  name: 'krum',
  title: 'Krum',
  text: 'The one change that lies nearest to the others (arXiv 1703.02757).',
  source: 'Blanchard et al., arXiv 1703.02757',
  options: { byzantine: byzantineSchema },
  fields: [byzantineField],
  start: (updates) => ({ byzantine: krumWithstands(updates) }),
  demand: ({ byzantine }, updates) => krumDemand(byzantine, updates),
  averages: false,
  create:
    ({ byzantine }) =>
    (updates, elements, emit) =>
      meanOfNearest(updates, elements, emit, { byzantine, keep: 1 }),
});
