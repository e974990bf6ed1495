export interface Contribution {
  readonly client: string;
  /** d_i, the number of training samples. */
  readonly samples: number;
  /** Layers this client's update holds. */
  readonly layers: readonly string[];
}

export interface ClientWeight {
  readonly client: string;
  /** In (0, 1]; the weights of a layer add up to 1. */
  readonly weight: number;
}

/** Order in which updates are added (R7): by client id, by code unit, whatever the locale. */
export function inClientOrder<T extends { readonly client: string }>(items: readonly T[]): T[] {
  return items.toSorted((a, b) => (a.client < b.client ? -1 : a.client > b.client ? 1 : 0));
}

/**
 * w_il = d_i / (sum of d_j over the clients whose update has layer l), in client order (R6). Empty for a layer
 * that nobody trained: it keeps its bytes. A client without samples has no weight and is left out.
 */
export function layerWeights(contributions: readonly Contribution[], layer: string): ClientWeight[] {
  const trained = inClientOrder(contributions).filter((c) => c.samples > 0 && c.layers.includes(layer));
  const total = trained.reduce((sum, c) => sum + c.samples, 0);
  return trained.map((c) => ({ client: c.client, weight: c.samples / total }));
}
