import { z } from 'zod';
import { random } from '../../random.ts';
import { defineStrategy } from '../define.ts';
import { masksFrom, takeInOrder } from '../input.ts';
import type { BlindStrategy } from '../strategy.ts';

/**
 * Layers drawn uniformly, anew every period, the rest frozen: LISA, which always trains the head too. Carried over to
 * a cohort: one draw for everybody, so that smaller budgets hold a part of what larger ones hold.
 */
export const lisa = defineStrategy({
  name: 'lisa',
  title: 'LISA',
  text: 'Layers drawn by lot, one draw for everybody, kept for a few rounds.',
  source: 'Pan et al., arXiv 2403.17919, carried over to a cohort',
  group: 'papers',
  options: {
    /** Turns for which a draw of layers is kept. */
    period: z.number().int().min(1).max(10_000).default(1),
  },
  fields: [
    {
      kind: 'number',
      option: 'period',
      label: 'Rounds a draw is kept',
      description: 'Then other layers are drawn.',
    },
  ],
  start: {},
  heading: ({ period }) => (period === 1 ? 'LISA' : `LISA, drawn every ${period} rounds`),
  create: ({ period }): BlindStrategy => ({
    needs: 'nothing',
    select: (input) => {
      const draw = Math.floor((input.round - 1) / period);
      const order = random(input.seed, 'lisa', draw).shuffle([...input.layers.keys()]);
      return { masks: masksFrom(input, (c) => takeInOrder(order, input, c)) };
    },
  }),
});
