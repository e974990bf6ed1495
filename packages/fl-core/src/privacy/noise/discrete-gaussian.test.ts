import { describe, expect, it } from 'vitest';
import { random } from '../../random.ts';
import { discreteGaussian } from './discrete-gaussian.ts';
import { cryptoWords, type RandomWords } from './words.ts';

/** A stream that is the same in every run, so that what is seen of it is too. */
const seeded = (seed: string): RandomWords => {
  const { uniform } = random(seed);
  return { next: () => uniform() * 2 ** 32 };
};

/** Words of one bit, all others zero: compared digit by digit they are uniform numbers too, and every other pair is tied. */
const coins = (seed: string): RandomWords => {
  const { uniform } = random(seed);
  return { next: () => (uniform() < 0.5 ? 0 : 2 ** 31) };
};

/** Pearson's statistic of counts against probabilities, and its degrees of freedom. */
function chiSquare(
  counts: readonly number[],
  chances: readonly number[],
): { statistic: number; free: number } {
  const total = counts.reduce((a, b) => a + b, 0);
  const statistic = counts.reduce(
    (sum, n, i) => sum + (n - total * chances[i]!) ** 2 / (total * chances[i]!),
    0,
  );
  return { statistic, free: counts.length - 1 };
}

/** Mean and four deviations of the chi-square distribution: passed by chance but in 1 of some thousand streams. */
const acceptable = ({ free }: { free: number }) => free + 4 * Math.sqrt(2 * free);

/** Abramowitz and Stegun 7.1.26, to 1.5e-7. */
function normalCdf(x: number): number {
  const t = 1 / (1 + (0.3275911 * Math.abs(x)) / Math.SQRT2);
  const poly =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = 0.5 * poly * Math.exp((-x * x) / 2);
  return x < 0 ? tail : 1 - tail;
}

/** Counts of whole numbers from -reach to reach, and their exact chances; what lies beyond is in the outer cells. */
function countsOf(draw: () => number, sigma: number, draws: number) {
  const reach = Math.ceil(3.5 * sigma);
  const counts = new Array<number>(2 * reach + 1).fill(0);
  for (let i = 0; i < draws; i++) {
    const cell = Math.min(2 * reach, Math.max(0, draw() + reach));
    counts[cell]! += 1;
  }
  const mass = new Array<number>(2 * reach + 1).fill(0);
  let total = 0;
  for (let k = -40 * sigma; k <= 40 * sigma; k++) {
    const p = Math.exp((-k * k) / (2 * sigma * sigma));
    mass[Math.min(2 * reach, Math.max(0, k + reach))]! += p;
    total += p;
  }
  return { counts, chances: mass.map((m) => m / total) };
}

describe('discreteGaussian', () => {
  it.each([0, 1, 2, 3])('has the exact probabilities at a deviation of 2^%i (chi-square)', (bits) => {
    const draw = discreteGaussian(seeded(`cells ${bits}`), bits);
    const { counts, chances } = countsOf(draw, 2 ** bits, 400_000);
    const seen = chiSquare(counts, chances);
    expect(seen.statistic).toBeLessThan(acceptable(seen));
  });

  it('has them where numbers tie and are told apart by later digits', () => {
    const { counts, chances } = countsOf(discreteGaussian(coins('ties'), 0), 1, 400_000);
    const seen = chiSquare(counts, chances);
    expect(seen.statistic).toBeLessThan(acceptable(seen));
  });

  it('is normal on the fine grid: variance by chi-square, shape by Kolmogorov and Smirnov, a million draws', () => {
    const draw = discreteGaussian(seeded('fine'), 32);
    const draws = Array.from({ length: 1_000_000 }, () => draw() / 2 ** 32);
    const squares = draws.reduce((sum, x) => sum + x * x, 0);
    // sum of squares is chi-square of 1e6 degrees: within four deviations
    expect(Math.abs(squares - 1e6)).toBeLessThan(4 * Math.sqrt(2e6));
    const sorted = Float64Array.from(draws).sort();
    let distance = 0;
    sorted.forEach((x, i) => {
      const cdf = normalCdf(x);
      distance = Math.max(distance, Math.abs(cdf - i / 1e6), Math.abs((i + 1) / 1e6 - cdf));
    });
    // 1.95 / sqrt(n) is exceeded with probability 0.001
    expect(distance).toBeLessThan(1.95e-3);
  });

  it('gives whole numbers that a float64 holds, from words of the system too', () => {
    const draw = discreteGaussian(cryptoWords(), 32);
    const drawn = Array.from({ length: 40_000 }, draw);
    expect(drawn.every(Number.isSafeInteger)).toBe(true);
    expect(new Set(drawn).size).toBeGreaterThan(39_990);
  });
});
