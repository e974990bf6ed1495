import { defineStrategy } from '../define.ts';
import { masksFrom, takeInOrder } from '../input.ts';
import type { BlindStrategy } from '../strategy.ts';

/** Every client takes the layers nearest to the output that its budget holds. */
export const top = defineStrategy({
  name: 'top',
  title: 'Top',
  text: 'The layers nearest to the output, for everybody. Cheapest to compute, since gradients stop early.',
  source: 'Baseline of Sun et al., arXiv 2408.15600',
  group: 'simple',
  options: {},
  fields: [],
  start: {},
  heading: () => 'top layers',
  create: (): BlindStrategy => ({
    needs: 'nothing',
    select: (input) => {
      const order = [...input.layers.keys()].reverse();
      return { masks: masksFrom(input, (c) => takeInOrder(order, input, c)) };
    },
  }),
});
