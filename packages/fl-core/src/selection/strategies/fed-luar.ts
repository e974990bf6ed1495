import { random } from '../../random.ts';
import { defineStrategy } from '../define.ts';
import { masksFrom, takeInOrder } from '../input.ts';
import type { BlindStrategy, SelectionInput } from '../strategy.ts';

/**
 * FedLUAR: the server repeats the last change of layers that hardly change beside their weights, s_l = ||change|| /
 * ||weights||, instead of having them sent. They are drawn without replacement by probabilities in proportion to 1 / s_l,
 * as many as the budget leaves; one draw for everybody, so that smaller budgets hold a part of what larger ones hold. A
 * layer that was never trained has nothing to repeat and comes first. Other than in the paper, clients do not train what
 * they do not send, which saves time as well.
 */
export const fedLuar = defineStrategy({
  name: 'fedluar',
  title: 'FedLUAR',
  text: 'Layers that hardly change beside their weights are left out by lot, and the server repeats their last change.',
  source: 'Kim et al., arXiv 2503.11146, with what is not sent not trained either',
  group: 'papers',
  recycles: true,
  options: {},
  fields: [],
  start: {},
  heading: () => 'FedLUAR',
  create: (): BlindStrategy => ({
    needs: 'nothing',
    select: (input) => {
      const order = trainedFirst(input);
      return { masks: masksFrom(input, (c) => takeInOrder(order, input, c)) };
    },
  }),
});

/**
 * The layers drawn last for recycling first. Keys E_l / p_l with standard exponential E, in ascending order, are a draw
 * without replacement by p (Efraimidis and Spirakis, IPL 97, 2006); with p_l in proportion to 1 / s_l they are E_l s_l.
 */
function trainedFirst({ layers, lastChanges, round, seed }: SelectionInput): number[] {
  const draws = random(seed, 'fedluar', round);
  const lots = layers.map(() => -Math.log(1 - draws.uniform()));
  const keys = lots.map((lot, l) => lot * (lastChanges?.[l] ?? Number.POSITIVE_INFINITY));
  const first = (a: number, b: number) => (keys[a] === keys[b] ? lots[b]! - lots[a]! : keys[b]! - keys[a]!);
  return [...layers.keys()].sort(first);
}
