import { chunkLength, type LayerUpdate, pieces, readExactly } from '../update.ts';
import { bySamples, type WeightedUpdate } from './mean.ts';

/**
 * Norm clipping (Sun et al., "Can You Really Backdoor Federated Learning?", arXiv 1911.07963): a change of the layer
 * whose Euclidean norm exceeds `norm` is scaled down to it; the rest is the weighted mean.
 */
export async function clipped(
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
