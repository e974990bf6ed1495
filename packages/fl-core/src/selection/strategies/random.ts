import { random } from '../../random.ts';
import { defineStrategy } from '../define.ts';
import { masksFrom, takeInOrder } from '../input.ts';
import type { BlindStrategy } from '../strategy.ts';

/** Every client draws its own layers anew each round, as many as its budget holds (R11: from the run's seed). */
export const randomLayers = defineStrategy({
  name: 'random',
  title: 'Random',
  text: 'Every participant draws its own layers anew each round. Any clever choice should beat it.',
  source: 'Baseline; drawn from the run’s seed',
  group: 'simple',
  options: {},
  fields: [],
  start: {},
  heading: () => 'random layers',
  create: (): BlindStrategy => ({
    needs: 'nothing',
    select: (input) => ({
      masks: masksFrom(input, (client) => {
        const order = random(input.seed, 'select', input.round, client.id).shuffle([...input.layers.keys()]);
        return takeInOrder(order, input, client);
      }),
    }),
  }),
});
