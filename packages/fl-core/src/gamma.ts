import type { Random } from './random.ts';

/**
 * The logarithm of a draw from Gamma(shape, 1): Marsaglia and Tsang (ACM TOMS 26(3), 2000); for shape < 1
 * by their boost Gamma(shape) = Gamma(shape + 1) * U^(1 / shape).
 */
export function logGamma(shape: number, rng: Random): number {
  if (shape < 1) return logGamma(shape + 1, rng) + Math.log(1 - rng.uniform()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = rng.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - rng.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v))
      return Math.log(d * v);
  }
}
