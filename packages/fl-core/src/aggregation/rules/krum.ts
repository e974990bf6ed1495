import { AggregationError } from '../error.ts';
import { forEachColumnBlock, type LayerUpdate } from '../update.ts';
import { createDistances } from './distance.ts';

/**
 * Krum (Blanchard et al., NeurIPS 2017, arXiv 1703.02757) on one layer: the updates in ascending order of the sum of
 * their squared distances to their n - f - 2 nearest others. Krum is the first of them, Multi-Krum the mean of the
 * first `keep`, clients counting alike.
 * @param byzantine f, how many clients may send anything.
 * @throws AggregationError `too-few-clients` where n < 2f + 3: then f clients could outvote the others.
 */
export async function krumOrder(
  updates: readonly LayerUpdate[],
  elements: number,
  byzantine: number,
): Promise<LayerUpdate[]> {
  const n = updates.length;
  if (n < 2 * byzantine + 3) {
    throw new AggregationError(
      'too-few-clients',
      `Krum against ${byzantine} Byzantine clients needs 2 * ${byzantine} + 3 = ${2 * byzantine + 3} updates of the layer; there are ${n}.`,
      'Lower the number of Byzantine clients, enlarge the cohort, or use a strategy whose masks agree more.',
    );
  }
  const sums = new Float64Array(n * n);
  const addDistances = createDistances(n);
  await forEachColumnBlock(updates, elements, (_, rows) => addDistances(rows, sums));
  const distance = (i: number, j: number) => sums[Math.min(i, j) * n + Math.max(i, j)]!;
  const scores = updates.map((_, i) => {
    const others = [...updates.keys()].filter((j) => j !== i).map((j) => distance(i, j));
    const nearest = others.sort((a, b) => a - b).slice(0, n - byzantine - 2);
    return nearest.reduce((sum, d) => sum + d, 0);
  });
  return [...updates.keys()].sort((a, b) => scores[a]! - scores[b]! || a - b).map((i) => updates[i]!);
}
