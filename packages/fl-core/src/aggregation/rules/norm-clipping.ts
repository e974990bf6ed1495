import { z } from 'zod';
import { meanWithin } from '../clipping.ts';
import { defineRule } from '../define-rule.ts';

/** A change of the layer whose Euclidean norm exceeds `norm` is scaled down to it; the rest is the weighted mean. */
export const normClipping = defineRule({
  name: 'norm-clipping',
  title: 'Norm clipping',
  text: 'The mean; a change that is longer than the limit is scaled down to it (arXiv 1911.07963).',
  source: 'Sun et al., “Can You Really Backdoor Federated Learning?”, arXiv 1911.07963',
  options: {
    /** Longest change of the layer that a client may make. */
    norm: z.number().positive().max(1e12),
  },
  fields: [{ kind: 'number', option: 'norm', label: 'Longest change', step: 0.1 }],
  start: () => ({ norm: 1 }),
  averages: true,
  create:
    ({ norm }) =>
    (updates, elements, emit) =>
      meanWithin(updates, elements, emit, () => norm),
});
