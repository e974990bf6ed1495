import { z } from 'zod';
import { defineStrategy } from '../define.ts';
import { masksFrom, takeInOrder } from '../input.ts';
import type { BlindStrategy } from '../strategy.ts';

/**
 * The same layers for everybody, one after the other from input to output, then from the start again: FedPart's
 * sequential cycle (Wang et al., "Why Go Full?") without its warm-up rounds of the full model. A client whose budget
 * holds more than one layer takes the following ones too.
 */
export const roundRobin = defineStrategy({
  name: 'round-robin',
  title: 'Round robin',
  text: 'One layer after the other from input to output, the same for everybody.',
  source: 'After FedPart; Wang et al., arXiv 2410.11559, without its warm-up',
  group: 'simple',
  options: {
    /** Turns that start at the same layer before the next one's. */
    roundsPerLayer: z.number().int().min(1).max(10_000).default(1),
  },
  fields: [
    {
      kind: 'number',
      option: 'roundsPerLayer',
      label: 'Rounds a layer',
      description: 'Before it is the next one’s turn.',
    },
  ],
  start: {},
  heading: ({ roundsPerLayer }) =>
    roundsPerLayer === 1 ? 'round robin' : `round robin, ${roundsPerLayer} rounds each`,
  create: ({ roundsPerLayer }): BlindStrategy => ({
    needs: 'nothing',
    select: (input) => {
      const length = input.layers.length;
      const start = Math.floor((input.round - 1) / roundsPerLayer);
      const order = input.layers.map((_, k) => (start + k) % length);
      return { masks: masksFrom(input, (c) => takeInOrder(order, input, c)) };
    },
  }),
});
