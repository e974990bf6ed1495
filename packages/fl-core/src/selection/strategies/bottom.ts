import { defineStrategy } from '../define.ts';
import { masksFrom, takeInOrder } from '../input.ts';
import type { BlindStrategy } from '../strategy.ts';

/** Every client takes the layers nearest to the input that its budget holds. */
export const bottom = defineStrategy({
  name: 'bottom',
  title: 'Bottom',
  text: 'The layers nearest to the input: for data that looks unlike what the model knows.',
  source: 'Baseline of Sun et al., arXiv 2408.15600',
  group: 'simple',
  options: {},
  fields: [],
  start: {},
  heading: () => 'bottom layers',
  create: (): BlindStrategy => ({
    needs: 'nothing',
    select: (input) => ({
      masks: masksFrom(input, (c) => takeInOrder(input.layers.keys(), input, c)),
    }),
  }),
});
