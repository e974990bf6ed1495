import { Length } from '../privacy/index.ts';
import { chunkLength, type Emit, type LayerUpdate, pieces, readExactly } from './update.ts';
import { bySamples, weightedSum } from './weighted-sum.ts';

/**
 * The weighted mean of updates of which none is longer than the limit: a longer one is scaled down to it.
 * @param limit from the Euclidean norms of all of them.
 * @returns the clients, all of which had a say.
 */
export async function meanWithin(
  updates: readonly LayerUpdate[],
  elements: number,
  emit: Emit,
  limit: (norms: readonly number[]) => number,
): Promise<string[]> {
  const norms: number[] = [];
  for (const update of updates) {
    norms.push(update.norm ? await update.norm() : (await lengthBetween(update, 0, elements)).value);
  }
  const most = limit(norms);
  const clipped = bySamples(updates).map(({ update, weight }, i) => {
    const norm = norms[i]!;
    return { update, weight: norm > most ? weight * (most / norm) : weight };
  });
  return weightedSum(clipped, elements, emit);
}

/** Of the values [start, start + elements) of an update's layer. */
export async function lengthBetween(update: LayerUpdate, start: number, elements: number): Promise<Length> {
  const measure = new Length();
  for (const { offset, length } of pieces(elements, chunkLength)) {
    measure.add(await readExactly(update, start + offset, length));
  }
  return measure;
}
