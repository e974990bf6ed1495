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
  for (const update of updates) norms.push(await euclideanNorm(update, elements));
  const most = limit(norms);
  const clipped = bySamples(updates).map(({ update, weight }, i) => {
    const norm = norms[i]!;
    return { update, weight: norm > most ? weight * (most / norm) : weight };
  });
  return weightedSum(clipped, elements, emit);
}

async function euclideanNorm(update: LayerUpdate, elements: number): Promise<number> {
  let sum = 0;
  for (const { offset, length } of pieces(elements, chunkLength)) {
    const values = await readExactly(update, offset, length);
    sum += squaredNorm(values);
  }
  return Math.sqrt(sum);
}

/** In float64, by four running sums: one alone waits for each of its additions. */
function squaredNorm(values: Float32Array): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  const full = values.length - (values.length % 4);
  for (let k = 0; k < full; k += 4) {
    a += values[k]! * values[k]!;
    b += values[k + 1]! * values[k + 1]!;
    c += values[k + 2]! * values[k + 2]!;
    d += values[k + 3]! * values[k + 3]!;
  }
  for (let k = full; k < values.length; k++) a += values[k]! * values[k]!;
  return a + b + (c + d);
}
