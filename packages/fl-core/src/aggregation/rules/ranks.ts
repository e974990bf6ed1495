import { type Emit, forEachColumnBlock, type LayerUpdate } from '../update.ts';
import { createRankMean } from './rank-mean.ts';

/** Coordinate-wise median (Yin et al., arXiv 1803.01498): of an even number, the mean of the two in the middle. */
export async function median(updates: readonly LayerUpdate[], elements: number, emit: Emit): Promise<void> {
  const n = updates.length;
  await meanOfRanks(updates, elements, emit, Math.floor((n - 1) / 2), Math.floor(n / 2));
}

/**
 * Coordinate-wise mean without the `share` (in [0, 0.5)) smallest and the `share` largest values, rounded down to
 * whole clients (Yin et al., arXiv 1803.01498). Clients count alike: sample counts are their own claims.
 */
export async function trimmedMean(
  updates: readonly LayerUpdate[],
  elements: number,
  emit: Emit,
  share: number,
): Promise<void> {
  const cut = Math.floor(share * updates.length);
  await meanOfRanks(updates, elements, emit, cut, updates.length - 1 - cut);
}

async function meanOfRanks(
  updates: readonly LayerUpdate[],
  elements: number,
  emit: Emit,
  from: number,
  to: number,
): Promise<void> {
  const rankMean = createRankMean(updates.length, from, to);
  await forEachColumnBlock(updates, elements, async (offset, rows) => {
    const out = new Float64Array(rows[0]!.length);
    rankMean(rows, out);
    await emit(offset, out);
  });
}
