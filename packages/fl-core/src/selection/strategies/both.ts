import { defineStrategy } from '../define.ts';
import { masksFrom, takeInOrder } from '../input.ts';
import type { BlindStrategy } from '../strategy.ts';

/**
 * Every client takes layers from both ends in turn, the output's first: last, first, last but one, second...
 * The source's code takes the first two for a budget of two; its text is followed here.
 */
export const both = defineStrategy({
  name: 'both',
  title: 'Both ends',
  text: 'Layers from the output and the input in turn.',
  source: 'Baseline of Sun et al., arXiv 2408.15600',
  group: 'simple',
  options: {},
  fields: [],
  start: {},
  heading: () => 'both layers',
  create: (): BlindStrategy => ({
    needs: 'nothing',
    select: (input) => {
      const length = input.layers.length;
      const order = input.layers.map((_, turn) => (turn % 2 === 0 ? length - 1 - turn / 2 : (turn - 1) / 2));
      return { masks: masksFrom(input, (c) => takeInOrder(order, input, c)) };
    },
  }),
});
