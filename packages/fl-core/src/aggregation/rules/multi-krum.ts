import { z } from 'zod';
import { byzantineField, byzantineSchema } from '../byzantine.ts';
import { defineRule } from '../define-rule.ts';
import { krumDemand, krumWithstands, meanOfNearest } from '../krum-order.ts';

const mostKept = 10_000;

export const multiKrum = defineRule({
  name: 'multi-krum',
  title: 'Multi-Krum',
  text: 'The mean of the changes that lie nearest to the others (arXiv 1703.02757).',
  source: 'Blanchard et al., arXiv 1703.02757',
  options: {
    byzantine: byzantineSchema,
    /** Updates that are averaged, at most n - byzantine. */
    keep: z.number().int().min(1).max(mostKept),
  },
  fields: [byzantineField, { kind: 'number', option: 'keep', label: 'Updates kept' }],
  start: (updates) => {
    const byzantine = krumWithstands(updates);
    return { byzantine, keep: Math.min(mostKept, Math.max(1, updates - byzantine - 2)) };
  },
  demand: ({ byzantine }, updates) => krumDemand(byzantine, updates),
  averages: false,
  create:
    ({ byzantine, keep }) =>
    (updates, elements, emit) =>
      meanOfNearest(updates, elements, emit, {
        byzantine,
        keep: Math.min(keep, updates.length - byzantine),
      }),
});
