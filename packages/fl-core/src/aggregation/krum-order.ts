import { demandAgainst, refuseFewer, withstands } from './byzantine.ts';
import type { Demand } from './define-rule.ts';
import { createDistances } from './distance.ts';
import { type Emit, forEachColumnBlock, type LayerUpdate } from './update.ts';
import { weightedSum } from './weighted-sum.ts';
import { inClientOrder } from './weights.ts';

/** Updates that Krum needs against f hostile clients, by its authors: n >= 2f + 3. */
const needed = { each: 2, more: 3 } as const;

export const krumWithstands = (updates: number): number => withstands(needed, updates);

export const krumDemand = (byzantine: number, updates: number): Demand =>
  demandAgainst(needed, byzantine, updates);

/**
 * Krum (Blanchard et al., NeurIPS 2017, arXiv 1703.02757) on one layer: the updates in ascending order of the sum of
 * their squared distances to their n - f - 2 nearest others.
 * @param byzantine f, how many clients may send anything.
 * @throws StrataError `too-few-clients` where n < 2f + 3: then f clients could outvote the others.
 */
async function krumOrder(
  updates: readonly LayerUpdate[],
  elements: number,
  byzantine: number,
): Promise<LayerUpdate[]> {
  const n = updates.length;
  refuseFewer('Krum', krumDemand(byzantine, n), n);
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

/** The mean of the first `keep` of {@link krumOrder}, clients counting alike. */
export async function meanOfNearest(
  updates: readonly LayerUpdate[],
  elements: number,
  emit: Emit,
  { byzantine, keep }: { readonly byzantine: number; readonly keep: number },
): Promise<string[]> {
  const kept = inClientOrder((await krumOrder(updates, elements, byzantine)).slice(0, keep));
  return weightedSum(
    kept.map((update) => ({ update, weight: 1 / kept.length })),
    elements,
    emit,
  );
}
