import { bestEpsilon, orders, type Spent } from './epsilon.ts';

/** Whole numbers that are summed and noised: how far one client can change the sums, and the noise on each of them. */
export interface SkellamStep {
  /** mu, the variance of the noise on each value of a sum. */
  readonly variance: number;
  /** The longest change, L1 over all values together. */
  readonly l1: number;
  /** The same in L2. */
  readonly l2: number;
}

/**
 * RDP of the Skellam mechanism, an upper bound: `a D2^2 / (2 mu) + min(((2 a - 1) D2^2 + 6 D1) / (4 mu^2), 3 D1 / (2 mu))`
 * (Agarwal, Kairouz, Liu, arXiv 2110.04995). The first term is the Gaussian mechanism's.
 * @param order whole, 2 or more: the bound is proved for no others.
 */
export function skellamRdp({ variance, l1, l2 }: SkellamStep, order: number): number {
  if (!(Number.isInteger(order) && order >= 2)) throw new RangeError(`Not proved for the order ${order}.`);
  const squared = l2 * l2;
  const gaussian = (order * squared) / (2 * variance);
  const finer = ((2 * order - 1) * squared + 6 * l1) / (4 * variance * variance);
  return gaussian + Math.min(finer, (3 * l1) / (2 * variance));
}

const wholeOrders: readonly number[] = orders.filter((order) => Number.isInteger(order));

/** Epsilon of so many rounds alike. @param delta in (0, 1). */
export const skellamEpsilon = (step: SkellamStep, rounds: number, delta: number): Spent =>
  rounds === 0
    ? { epsilon: 0, order: null }
    : bestEpsilon(wholeOrders, (order) => rounds * skellamRdp(step, order), delta);
