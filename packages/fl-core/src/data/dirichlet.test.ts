import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { logGamma } from '../gamma.ts';
import { random } from '../random.ts';
import { dirichlet, partitionDirichlet } from './dirichlet.ts';
import { range, seeds, union } from './testing.ts';

const mean = (xs: readonly number[]) => xs.reduce((a, b) => a + b, 0) / xs.length;
const variance = (xs: readonly number[]) => {
  const center = mean(xs);
  return mean(xs.map((x) => (x - center) ** 2));
};

describe('sampling', () => {
  // Gamma(a, 1) has mean a and variance a; tolerances are about five standard errors of 40,000 draws.
  test.each([0.1, 0.5, 1, 2.5, 20])('Gamma(%s): mean and variance', (shape) => {
    const rng = random(1, 'gamma', shape);
    const xs = range(40_000).map(() => Math.exp(logGamma(shape, rng)));
    expect(Math.abs(mean(xs) - shape)).toBeLessThan(5 * Math.sqrt(shape / xs.length));
    const fourth = 3 * shape ** 2 + 6 * shape; // fourth central moment
    expect(Math.abs(variance(xs) - shape)).toBeLessThan(6 * Math.sqrt((fourth - shape ** 2) / xs.length));
  });

  test.each([0.1, 0.5, 5])('Dirichlet(%s) over 4: marginal variance of Beta(a, 3a)', (alpha) => {
    const rng = random(2, 'dirichlet', alpha);
    const first = range(20_000).map(() => dirichlet(4, alpha, rng)[0]!);
    expect(mean(first)).toBeCloseTo(0.25, 1);
    expect(variance(first) / ((0.25 * 0.75) / (4 * alpha + 1))).toBeCloseTo(1, 1);
  });

  test('shares stay finite and sum to 1 when alpha is tiny', () => {
    const shares = dirichlet(10, 1e-4, random(3));
    expect(shares.every(Number.isFinite)).toBe(true);
    expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
  });
});

describe('partitionDirichlet', () => {
  test('any labels: every index once, every part has the minimum, the same for the same seed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 9 }), { minLength: 30, maxLength: 300 }),
        fc.integer({ min: 1, max: 30 }),
        fc.constantFrom(0.01, 0.1, 0.5, 1, 100),
        seeds,
        (labels, parts, alpha, seed) => {
          const drawn = partitionDirichlet(labels, parts, alpha, seed);
          expect(drawn).toHaveLength(parts);
          expect(union(drawn)).toEqual(range(labels.length));
          expect(Math.min(...drawn.map((p) => p.length))).toBeGreaterThanOrEqual(1);
          expect(partitionDirichlet(labels, parts, alpha, seed)).toEqual(drawn);
        },
      ),
    );
  });

  test('exactly as many samples as the parts need: each gets the minimum', () => {
    const drawn = partitionDirichlet(new Array(20).fill(0), 10, 0.01, 1, 2);
    expect(drawn.map((p) => p.length)).toEqual(new Array(10).fill(2));
  });

  test('alpha sets the skew: near-uniform classes at 1000, few classes a part at 0.05', () => {
    const labels = range(5000).map((i) => i % 10);
    const largestShare = (alpha: number) =>
      mean(
        partitionDirichlet(labels, 5, alpha, 11).map((part) => {
          const counts = range(10).map((c) => part.filter((i) => labels[i] === c).length);
          return Math.max(...counts) / part.length;
        }),
      );
    expect(largestShare(1000)).toBeLessThan(0.12);
    expect(largestShare(0.05)).toBeGreaterThan(0.3);
  });

  test.each([
    [0, 0.5],
    [1.5, 0.5],
    [11, 0.5],
    [2, 0],
    [2, Number.NaN],
  ])('refuses %s parts of 10 samples at alpha %s', (parts, alpha) => {
    expect(() => partitionDirichlet(new Array(10).fill(0), parts, alpha, 1)).toThrow(
      expect.objectContaining({ code: 'bad-request' }),
    );
  });
});
