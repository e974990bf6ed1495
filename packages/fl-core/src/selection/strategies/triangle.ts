import { z } from 'zod';
import { type Random, random } from '../../random.ts';
import { defineStrategy } from '../define.ts';
import { masksFrom, takeInOrder } from '../input.ts';
import type { BlindStrategy } from '../strategy.ts';

/**
 * Layers drawn by a fixed shape over the depth, anew each round and each client for itself, without replacement:
 * Fed-HeLLo's randomized geometric allocation, which looks at no data. Its code has a chance for each layer in its
 * configurations, of which `ends` is the bottleneck (three times as likely at the ends as in the middle). Which way its
 * triangle points, the sources at hand do not say; so there are both.
 */
export const triangle = defineStrategy({
  name: 'triangle',
  title: 'Triangle',
  text: 'Every participant draws its own layers each round, those at one end more often than those at the other.',
  source: 'Fed-HeLLo; Zhang et al., arXiv 2506.12213, randomized geometric allocation',
  group: 'papers',
  options: {
    /** Where layers are drawn the most often. */
    shape: z.enum(['output', 'input', 'ends']).default('output'),
  },
  fields: [
    {
      kind: 'choice',
      option: 'shape',
      label: 'Most often',
      choices: [
        { value: 'output', label: 'Near the output' },
        { value: 'input', label: 'Near the input' },
        { value: 'ends', label: 'At both ends' },
      ],
    },
  ],
  start: {},
  heading: ({ shape }) => (shape === 'ends' ? 'drawn from both ends' : `drawn towards the ${shape}`),
  create: ({ shape }): BlindStrategy => ({
    needs: 'nothing',
    select: (input) => {
      const weights = input.layers.map((_, l) => weightOf(shape, l, input.layers.length));
      return {
        masks: masksFrom(input, (client) => {
          const order = drawOrder(weights, random(input.seed, 'triangle', input.round, client.id));
          return takeInOrder(order, input, client);
        }),
      };
    },
  }),
});

function weightOf(shape: 'output' | 'input' | 'ends', layer: number, layers: number): number {
  switch (shape) {
    case 'output':
      return layer + 1;
    case 'input':
      return layers - layer;
    case 'ends':
      // from 1 in the middle to 3
      return layers === 1 ? 1 : 1 + (2 * Math.abs(2 * layer - (layers - 1))) / (layers - 1);
    default:
      return shape satisfies never;
  }
}

/** Layers drawn one by one by these weights (Efraimidis and Spirakis, IPL 97, 2006). */
function drawOrder(weights: readonly number[], draws: Random): number[] {
  const keys = weights.map((weight) => -Math.log(1 - draws.uniform()) / weight);
  return [...keys.keys()].sort((a, b) => keys[a]! - keys[b]! || a - b);
}
