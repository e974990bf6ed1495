import { z } from 'zod';
import { StrataError } from '../error.ts';
import type { Demand } from './define-rule.ts';
import { createDistances } from './distance.ts';
import { type Emit, forEachColumnBlock, type LayerUpdate } from './update.ts';
import { weightedSum } from './weighted-sum.ts';
import { inClientOrder } from './weights.ts';

const mostByzantine = 1000;

/** What both Krums ask of a configuration: f, how many clients may send anything. */
export const byzantineSchema = z.number().int().min(0).max(mostByzantine);

export const byzantineField = {
  kind: 'number',
  option: 'byzantine',
  label: 'Hostile clients, f',
} as const;

/** Updates that Krum needs against f hostile clients, by its authors: n >= 2f + 3. */
const needed = { each: 2, more: 3 } as const;

/** The most hostile clients that Krum withstands with `updates` a round. */
export const krumWithstands = (updates: number): number =>
  Math.min(mostByzantine, Math.max(0, Math.floor((updates - needed.more) / needed.each)));

export function krumDemand(byzantine: number, updates: number): Demand {
  const { each, more } = needed;
  const least = each * byzantine + more;
  return {
    option: 'byzantine',
    updates: least,
    sum: `${each} * ${byzantine} + ${more}`,
    purpose: `against ${byzantine} Byzantine participants`,
    remedy: 'lower the number of Byzantine participants',
    note: `Against f hostile clients it needs ${each}f + ${more} updates of a layer, so ${least} here; ${updates} updates a round withstand ${krumWithstands(updates)}. A layer that fewer trained is refused, so use a strategy whose masks agree.`,
  };
}

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
  const { updates: least, sum, purpose } = krumDemand(byzantine, n);
  if (n < least) {
    throw new StrataError(
      'too-few-clients',
      `Krum ${purpose} needs ${sum} = ${least} updates of the layer; there are ${n}.`,
      'Lower the number of Byzantine participants, enlarge the cohort, or use a strategy whose masks agree more.',
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
