import { masksFrom, takeInOrder } from '../input.ts';
import type { BlindStrategy } from '../strategy.ts';

/** Every client takes the layers nearest to the input that its budget holds (baseline of arXiv 2408.15600). */
export function bottom(): BlindStrategy {
  return {
    name: 'bottom',
    needs: 'nothing',
    select: (input) => {
      return { masks: masksFrom(input, (c) => takeInOrder(input.layers.keys(), input.costs, c.budget)) };
    },
  };
}
