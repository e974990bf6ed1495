import { defineStrategy } from '../define.ts';
import { masksFrom, openLayers } from '../input.ts';
import type { BlindStrategy } from '../strategy.ts';

/** Everybody trains every layer, whatever the budgets: federated averaging. */
export const full = defineStrategy({
  name: 'full',
  title: 'Full',
  text: 'Everyone trains everything. The yardstick: the most work and the most bytes.',
  source: 'FedAvg; McMahan et al., arXiv 1602.05629',
  group: 'first',
  everybody: 'all',
  options: {},
  fields: [],
  start: {},
  heading: () => 'all layers',
  create: (): BlindStrategy => ({
    needs: 'nothing',
    select: (input) => ({
      masks: masksFrom(input, () => openLayers(input).open),
    }),
  }),
});
