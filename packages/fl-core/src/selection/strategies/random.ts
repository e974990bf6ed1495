import { random } from '../../random.ts';
import { masksFrom, takeInOrder } from '../input.ts';
import type { BlindStrategy } from '../strategy.ts';

/** Every client draws its own layers anew each round, as many as its budget holds (R11: from the run's seed). */
export function randomLayers(): BlindStrategy {
  return {
    name: 'random',
    needs: 'nothing',
    select: (input) => ({
      masks: masksFrom(input, (client) => {
        const order = random(input.seed, 'select', input.round, client.id).shuffle([...input.layers.keys()]);
        return takeInOrder(order, input.costs, client.budget);
      }),
    }),
  };
}
