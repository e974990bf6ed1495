import { masksFrom, takeInOrder } from '../input.ts';
import type { BlindStrategy } from '../strategy.ts';

/** Every client takes the layers nearest to the output that its budget holds (baseline of arXiv 2408.15600). */
export function top(): BlindStrategy {
  return {
    name: 'top',
    needs: 'nothing',
    select: (input) => {
      const order = [...input.layers.keys()].reverse();
      return { masks: masksFrom(input, (c) => takeInOrder(order, input.costs, c.budget)) };
    },
  };
}
