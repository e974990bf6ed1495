import { type GaussianStep, gaussianRdp } from './rdp.ts';

/** Rounds that were alike. */
export interface GaussianRounds extends GaussianStep {
  readonly rounds: number;
}

/** What some rounds come to: (epsilon, delta)-differential privacy, and the order that proves it. */
export interface Spent {
  readonly epsilon: number;
  /** Of {@link orders}; null where nothing was spent. */
  readonly order: number | null;
}

/** Opacus' default orders; the larger ones are for small epsilons, which those up to 63 cannot prove. */
export const orders: readonly number[] = [
  ...Array.from({ length: 99 }, (_, i) => 1 + (i + 1) / 10),
  ...Array.from({ length: 52 }, (_, i) => i + 12),
  96,
  128,
  256,
  512,
  1024,
];

/**
 * Epsilon of all these rounds together: RDP adds up order by order, and the best order is converted as Opacus does
 * (Balle et al., arXiv 1905.09982, Theorem 21): `rdp + log((a - 1) / a) - (log delta + log a) / (a - 1)`.
 * @param delta in (0, 1).
 */
export function epsilonOf(composed: readonly GaussianRounds[], delta: number): Spent {
  const released = composed.filter((r) => r.rounds > 0 && r.sampling > 0);
  if (released.length === 0) return { epsilon: 0, order: null };
  const rdp = (order: number) => released.reduce((sum, r) => sum + r.rounds * gaussianRdp(r, order), 0);
  return bestEpsilon(orders, rdp, delta);
}

/** The least epsilon that the Rényi divergences of some orders prove. @param rdp of all that was released, at an order. */
export function bestEpsilon(among: readonly number[], rdp: (order: number) => number, delta: number): Spent {
  let best: Spent = { epsilon: Number.POSITIVE_INFINITY, order: null };
  for (const order of among) {
    const epsilon =
      rdp(order) + Math.log((order - 1) / order) - (Math.log(delta) + Math.log(order)) / (order - 1);
    if (epsilon < best.epsilon) best = { epsilon: Math.max(0, epsilon), order };
  }
  return best;
}
