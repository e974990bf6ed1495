/**
 * What masks cost: `costs[l]` for each layer l in it and, where training has to go back through the model to get
 * there, `reach[s]` for the shallowest one s.
 */
export interface LayerCosts {
  /** c_l > 0, in forward order, (L). */
  readonly costs: readonly number[];
  /** r_s >= 0, (L); never rises with s, since the way down to a layer leads through those above. Absent: nothing. */
  readonly reach?: readonly number[] | undefined;
}

/** @param mask indices of the layers. */
export function maskCost({ costs, reach }: LayerCosts, mask: readonly number[]): number {
  const own = mask.reduce((sum, l) => sum + costs[l]!, 0);
  return reach === undefined || mask.length === 0 ? own : own + reach[Math.min(...mask)]!;
}

/** What a layer adds to a mask that does not have it and whose shallowest layer is `shallowest` (L: it is empty). */
export function addedCost({ costs, reach }: LayerCosts, layer: number, shallowest: number): number {
  if (reach === undefined || layer >= shallowest) return costs[layer]!;
  return costs[layer]! + reach[layer]! - (reach[shallowest] ?? 0);
}
