import { discreteGaussian } from './discrete-gaussian.ts';
import type { RandomWords } from './words.ts';

/**
 * The Skellam distribution: the difference of two Poisson numbers. Sums of it are of it, so that parts of a noise can be
 * added by people who do not trust each other, and however many of them are left, the sum is known to the last digit
 * (Agarwal, Kairouz, Liu, arXiv 2110.04995).
 */

/** Deviations below 2^10 are not offered: the proposals would be too far from the distribution, and the grid too coarse. */
export const leastSkellamBits = 10;
/** Up to here the farthest that is drawn, 16 deviations, fits into an int32. */
export const mostSkellamBits = 26;

/** Beyond so many deviations nothing is drawn; that much lies there with a probability below 2^-180. */
const reach = 16;

/**
 * Whole numbers of variance 4^bits, with probability `exp(-mu) I_|k|(mu)`, mu = 4^bits. Drawn by rejection: the proposal
 * is the discrete Gaussian of the same deviation, exact by comparisons of bits alone; it is taken with {@link chanceOf}.
 * That number is computed in float64, to 2^-48 of itself: each number's probability is within a factor of
 * 1 +- 2^-47 of the exact one. By the RDP of pure differential privacy (Bun, Steinke, arXiv 1605.02065, Proposition 3.3) that
 * adds less than alpha 2^-94 a draw to what the accountant says: nothing, over any number of draws that there can be.
 * @param bits whole, from {@link leastSkellamBits} to {@link mostSkellamBits}; the deviation is 2^bits.
 * @param propose whole numbers of the discrete Gaussian; tests hand in others.
 */
export function skellam(
  words: RandomWords,
  bits: number,
  propose: () => number = discreteGaussian(words, bits),
): () => number {
  if (!(Number.isInteger(bits) && bits >= leastSkellamBits && bits <= mostSkellamBits))
    throw new RangeError(`No noise of a deviation of 2^${bits}.`);
  const deviation = 2 ** bits;
  // Words below are taken whatever was proposed: no chance is smaller.
  const sure = Math.floor(Math.exp(-mostLogRatio(bits) - 1 / deviation ** 2) * 2 ** 32);
  return () => {
    for (;;) {
      const k = propose();
      if (Math.abs(k) > reach * deviation) continue;
      const word = words.next();
      if (word < sure) return k;
      if (word / 2 ** 32 + words.next() / 2 ** 64 < chanceOf(k, bits)) return k;
    }
  };
}

/** With what probability a proposal is taken: near 1, and 1 at the farthest that there is. @param k at most 2^(bits + 4) away from 0. */
export const chanceOf = (k: number, bits: number): number => Math.exp(logRatio(k, bits) - mostLogRatio(bits));

/** It falls from k = 0 to about sqrt(3) deviations by less than 1 / mu, and rises from there. */
const mostLogRatio = (bits: number): number => logRatio(reach * 2 ** bits, bits);

/**
 * log of `exp(-mu) I_|k|(mu)` over `exp(-k^2 / (2 mu)) / sqrt(2 pi mu)`, mu = 4^bits: the uniform expansion of the modified
 * Bessel function (DLMF 10.41.3, two terms), with what cancels in its exponent as a series in x = k / mu, which is at
 * most 2^-6 here. What is left out is below 1e-17.
 */
export function logRatio(k: number, bits: number): number {
  const mu = 4 ** bits;
  const x2 = (k / mu) ** 2;
  // sqrt(1 + x^2) - 1 - x asinh(x) + x^2 / 2
  const exponent = x2 * x2 * (1 / 24 - x2 * (1 / 80 - x2 * (5 / 896 - x2 * (7 / 2304 - x2 * (21 / 11_264)))));
  const w = mu * Math.sqrt(1 + x2);
  const q = x2 / (1 + x2);
  const first = (3 - 5 * q) / (24 * w);
  const second = (81 - 462 * q + 385 * q * q) / (1152 * w * w);
  return mu * exponent - Math.log1p(x2) / 4 + Math.log1p(first + second);
}
