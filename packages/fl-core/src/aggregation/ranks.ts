import { byzantineSchema, demandAgainst } from './byzantine.ts';
import type { Demand } from './define-rule.ts';
import { createRankMean } from './rank-mean.ts';
import { type Emit, forEachColumnBlock, type LayerUpdate } from './update.ts';

/** Of fewer than 2f + 1 values, f hostile ones can be the middle: one update's median is that update. */
export const rankDemand = (byzantine: number, updates: number): Demand =>
  demandAgainst({ each: 2, more: 1 }, byzantine, updates);

/** f, of which one is withstood where nobody says otherwise. */
export const rankByzantine = byzantineSchema.default(1);

/**
 * For every coordinate, the mean of the values of rank `from` to `to` (inclusive, 0 the smallest). Clients count alike:
 * sample counts are their own claims.
 * @returns the clients, all of which had a say.
 */
export async function meanOfRanks(
  updates: readonly LayerUpdate[],
  elements: number,
  emit: Emit,
  from: number,
  to: number,
): Promise<string[]> {
  const rankMean = createRankMean(updates.length, from, to);
  await forEachColumnBlock(updates, elements, async (offset, rows) => {
    const out = new Float64Array(rows[0]!.length);
    rankMean(rows, out);
    await emit(offset, out);
  });
  return updates.map((u) => u.client);
}
