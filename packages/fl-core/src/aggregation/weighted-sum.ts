import { createFold } from './fold.ts';
import { chunkLength, type Emit, type LayerUpdate, pieces, readExactly } from './update.ts';

export interface WeightedUpdate {
  readonly update: LayerUpdate;
  readonly weight: number;
}

/** Weights d_i / (sum of d_j), in the order given (R6). */
export function bySamples(updates: readonly LayerUpdate[]): WeightedUpdate[] {
  const total = updates.reduce((sum, u) => sum + u.samples, 0);
  return updates.map((update) => ({ update, weight: update.samples / total }));
}

/**
 * Weighted sum of the updates, piece by piece: one piece of one update is in memory at a time.
 * @returns the clients in it.
 */
export async function weightedSum(
  updates: readonly WeightedUpdate[],
  elements: number,
  emit: Emit,
): Promise<string[]> {
  const fold = createFold(Math.min(elements, chunkLength));
  for (const { offset, length } of pieces(elements, chunkLength)) {
    fold.sum.fill(0);
    for (const { update, weight } of updates) {
      fold.add(weight, await readExactly(update, offset, length), 0);
    }
    await emit(offset, fold.sum.subarray(0, length));
  }
  return updates.map(({ update }) => update.client);
}
