import { defineStrategy } from '../define.ts';
import { capacity, masksFrom, pricesOf } from '../input.ts';
import { addedCost } from '../mask-cost.ts';
import type { BlindStrategy } from '../strategy.ts';

/**
 * Ordered freezing: every client freezes from the input upwards as much as its capability asks for, and trains
 * all above: FedOLF without its compression of the frozen layers. Unlike `top` the trained layers are always one
 * unbroken stretch up to the output.
 */
export const fedOlf = defineStrategy({
  name: 'fedolf',
  title: 'Ordered freezing',
  text: 'Weak participants freeze more from the input upwards; what is trained is one stretch up to the output.',
  source: 'FedOLF; Niu et al., arXiv 2512.23200, without its compression',
  group: 'papers',
  options: {},
  fields: [],
  start: {},
  heading: () => 'ordered freezing',
  create: (): BlindStrategy => ({
    needs: 'nothing',
    select: (input) => ({
      masks: masksFrom(input, (client) => {
        const { costs, budget } = pricesOf(input, client);
        let room = capacity(budget);
        let first = input.layers.length;
        for (let l = first - 1; l >= 0 && addedCost(costs, l, first) <= room; l--) {
          if (input.closed?.has(l)) break;
          room -= addedCost(costs, l, first);
          first = l;
        }
        return [...input.layers.keys()].slice(first);
      }),
    }),
  }),
});
