import { z } from 'zod';
import { defineRule } from '../define-rule.ts';
import { chunkLength, type LayerUpdate, pieces, readExactly } from '../update.ts';
import { bySamples, type WeightedUpdate, weightedSum } from '../weighted-sum.ts';

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
  sideBySide: false,
  create:
    ({ norm }) =>
    async (updates, elements, emit) =>
      weightedSum(await clipped(updates, elements, norm), elements, emit),
});

async function clipped(
  updates: readonly LayerUpdate[],
  elements: number,
  norm: number,
): Promise<WeightedUpdate[]> {
  const result: WeightedUpdate[] = [];
  for (const { update, weight } of bySamples(updates)) {
    const length = await euclideanNorm(update, elements);
    result.push({ update, weight: weight * (length > norm ? norm / length : 1) });
  }
  return result;
}

async function euclideanNorm(update: LayerUpdate, elements: number): Promise<number> {
  let sum = 0;
  for (const { offset, length } of pieces(elements, chunkLength)) {
    const values = await readExactly(update, offset, length);
    for (let k = 0; k < length; k++) sum += values[k]! * values[k]!;
  }
  return Math.sqrt(sum);
}
