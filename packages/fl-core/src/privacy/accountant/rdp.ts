/**
 * Rényi differential privacy of the Gaussian mechanism, of which a client takes part with probability `sampling` each
 * round, independently and in secret (Poisson), or always (`sampling` 1). Mironov, Talwar, Zhang, arXiv 1908.10530.
 */
export interface GaussianStep {
  /** q, in [0, 1]. */
  readonly sampling: number;
  /** z, the noise's standard deviation over the sensitivity; positive. */
  readonly noise: number;
}

/**
 * RDP of one step at `order`: `log A / (order - 1)` with `A = E[((1 - q) + q exp((2 x - 1) / (2 z^2)))^order]`,
 * x normal with deviation z.
 * @param order above 1. Whole ones are a binomial sum, the others a quadrature, which is exact to about 1e-13.
 */
export function gaussianRdp({ sampling, noise }: GaussianStep, order: number): number {
  if (sampling === 0) return 0;
  if (noise === 0) return Number.POSITIVE_INFINITY;
  if (sampling === 1) return order / (2 * noise * noise);
  const logA = Number.isInteger(order)
    ? binomialLogA(sampling, noise, order)
    : quadratureLogA(sampling, noise, order);
  return logA / (order - 1);
}

/** log of `sum_k C(order, k) (1 - q)^(order - k) q^k exp((k^2 - k) / (2 z^2))`. */
export function binomialLogA(sampling: number, noise: number, order: number): number {
  const terms: number[] = [];
  let logBinomial = 0;
  for (let k = 0; k <= order; k++) {
    const chances = k * Math.log(sampling) + (order - k) * Math.log1p(-sampling);
    terms.push(logBinomial + chances + (k * k - k) / (2 * noise * noise));
    logBinomial += Math.log((order - k) / (k + 1));
  }
  return logSumExp(terms);
}

/**
 * The same for any order, by the trapezoidal rule on even steps. The integrand is analytic up to pi z^2 beside the real
 * line and falls as a normal density around 0 and around `order`: the error falls as exp(-2 pi^2 z^2 / step).
 */
export function quadratureLogA(sampling: number, noise: number, order: number): number {
  const step = Math.min(noise / 4, (noise * noise) / 4);
  const variance = noise * noise;
  const reach = 12 * noise;
  const [logOut, logIn] = [Math.log1p(-sampling), Math.log(sampling)];
  const logScale = Math.log(step / (noise * Math.sqrt(2 * Math.PI)));
  const terms: number[] = [];
  const last = Math.ceil((order + reach) / step);
  for (let i = -Math.ceil(reach / step); i <= last; i++) {
    const x = i * step;
    const ratio = logSumExp([logOut, logIn + (2 * x - 1) / (2 * variance)]);
    terms.push(logScale - (x * x) / (2 * variance) + order * ratio);
  }
  return logSumExp(terms);
}

function logSumExp(terms: readonly number[]): number {
  let most = Number.NEGATIVE_INFINITY;
  for (const term of terms) if (term > most) most = term;
  let sum = 0;
  for (const term of terms) sum += Math.exp(term - most);
  return most + Math.log(sum);
}
