import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noiseFor } from './calibrate.ts';
import { epsilonOf } from './epsilon.ts';
import { binomialLogA, gaussianRdp, quadratureLogA } from './rdp.ts';

/** Opacus 1.6.0: `RDPAccountant`, its default orders. Columns: q, sigma, steps, delta, epsilon, best order. */
const opacus = [
  [0.04, 1.5, 2250, 1e-5, 7.32911117, 3.9],
  [0.2, 1, 100, 1e-5, 15.97263459, 2.3],
  [0.01, 1, 1000, 1e-5, 2.10136527, 7.8],
  [0.1, 1.1, 200, 1e-3, 6.83658396, 2.7],
  [0.01, 4, 10_000, 1e-5, 1.03549007, 17],
  [1, 10, 100, 1e-5, 4.72850707, 5.4],
  [0.001, 0.8, 3000, 1e-6, 1.53782767, 8.4],
  [0.2, 2, 500, 1e-3, 10.6769002, 2.4],
  [0.05, 0.7, 100, 1e-5, 9.13207754, 2.7],
  [0.2, 4, 500, 1e-3, 4.17930512, 3.9],
] as const;

/** One step's RDP by a quadrature of 30 digits (mpmath): q, sigma, order, RDP. */
const quadrature = [
  [0.01, 1, 1.5, 1.27253743327e-4],
  [0.01, 1, 2, 1.71813422075e-4],
  [0.01, 1, 2.5, 2.17575332282e-4],
  [0.01, 1, 7.8, 8.47566138563e-4],
  [0.04, 1.5, 1.5, 6.63111693912e-4],
  [0.04, 1.5, 3.9, 1.83320219958e-3],
  [0.2, 1, 2, 0.0664722189056],
  [0.2, 1, 2.5, 0.096327987879],
  [0.2, 1, 7.8, 2.05912142456],
  [0.2, 2, 1.5, 8.28143317324e-3],
  [0.2, 2, 2.5, 0.0144590014109],
] as const;

const rounds = fc.record({
  sampling: fc.oneof(fc.constant(1), fc.double({ min: 0.001, max: 0.9, noNaN: true })),
  noise: fc.double({ min: 0.5, max: 20, noNaN: true }),
  rounds: fc.integer({ min: 1, max: 2000 }),
});
const delta = fc.constantFrom(1e-2, 1e-4, 1e-6);

describe('gaussianRdp', () => {
  it.each(quadrature)(
    'is that of the quadrature: q %f, noise %f, order %f',
    (sampling, noise, order, rdp) => {
      expect(gaussianRdp({ sampling, noise }, order)).toBeCloseTo(rdp, 10);
    },
  );

  it('is alpha / (2 z^2) where everybody takes part, and nothing where nobody does', () => {
    expect(gaussianRdp({ sampling: 1, noise: 2 }, 7.8)).toBeCloseTo(0.975, 12);
    expect(gaussianRdp({ sampling: 0, noise: 2 }, 7.8)).toBe(0);
    expect(gaussianRdp({ sampling: 0.5, noise: 0 }, 2)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is the same by the binomial sum and by the quadrature at whole orders', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 0.9, noNaN: true }),
        fc.double({ min: 0.4, max: 10, noNaN: true }),
        fc.integer({ min: 2, max: 63 }),
        (sampling, noise, order) => {
          const whole = binomialLogA(sampling, noise, order);
          expect(Math.abs(quadratureLogA(sampling, noise, order) - whole)).toBeLessThan(1e-11 * (1 + whole));
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('epsilonOf', () => {
  it.each(opacus)(
    'is that of Opacus: q %f, noise %f, %i rounds, delta %f',
    (sampling, noise, count, at, epsilon, order) => {
      const spent = epsilonOf([{ sampling, noise, rounds: count }], at);
      expect(Math.abs(spent.epsilon - epsilon)).toBeLessThan(1e-6);
      expect(spent.order).toBeCloseTo(order, 12);
    },
  );

  it('composes rounds of different noise as Opacus does', () => {
    const spent = epsilonOf(
      [
        { sampling: 0.2, noise: 1.2, rounds: 100 },
        { sampling: 0.2, noise: 2, rounds: 50 },
      ],
      1e-5,
    );
    expect(Math.abs(spent.epsilon - 12.52652243)).toBeLessThan(1e-6);
  });

  it('is at least what the Gaussian mechanism spends exactly (Balle and Wang, arXiv 1805.06530)', () => {
    const exact = [
      [1, 1e-5, 4.37717809568],
      [2, 1e-5, 1.99309140442],
      [0.5, 1e-3, 7.58127992457],
    ] as const;
    for (const [noise, at, epsilon] of exact) {
      const spent = epsilonOf([{ sampling: 1, noise, rounds: 1 }], at).epsilon;
      expect(spent).toBeGreaterThan(epsilon);
      expect(spent).toBeLessThan(1.15 * epsilon);
    }
  });

  it('rises with rounds and sampling, and falls with noise', () => {
    fc.assert(
      fc.property(rounds, delta, (one, at) => {
        const { epsilon } = epsilonOf([one], at);
        const of = (more: Partial<typeof one>) => epsilonOf([{ ...one, ...more }], at).epsilon;
        expect(of({ rounds: one.rounds + 1 })).toBeGreaterThanOrEqual(epsilon);
        expect(of({ sampling: Math.min(1, 1.1 * one.sampling) })).toBeGreaterThanOrEqual(epsilon - 1e-9);
        expect(of({ noise: 1.1 * one.noise })).toBeLessThanOrEqual(epsilon + 1e-9);
      }),
      { numRuns: 60 },
    );
  });

  it('is the same however the rounds are grouped, and 0 of none', () => {
    const half = { sampling: 0.1, noise: 1.3, rounds: 20 };
    expect(epsilonOf([half, half], 1e-5).epsilon).toBeCloseTo(
      epsilonOf([{ ...half, rounds: 40 }], 1e-5).epsilon,
      12,
    );
    expect(epsilonOf([], 1e-5)).toEqual({ epsilon: 0, order: null });
    expect(epsilonOf([{ ...half, rounds: 0 }], 1e-5)).toEqual({ epsilon: 0, order: null });
  });
});

describe('noiseFor', () => {
  /** By Opacus' RDP (docs: the table of the paper's settings): epsilon 8. Delta, rounds, noise to two decimals. */
  it.each([
    [1e-2, 20, 2.01],
    [1e-4, 50, 4.11],
  ])('is what Opacus calibrates, q 1: delta %f, %i rounds', (at, count, noise) => {
    expect(noiseFor({ epsilon: 8, delta: at, rounds: count, sampling: 1 })).toBeCloseTo(noise, 1);
  });

  it('keeps all rounds within the target, and no less noise does', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 50, noNaN: true }),
        delta,
        fc.integer({ min: 1, max: 500 }),
        fc.constantFrom(1, 0.3, 0.02),
        (epsilon, at, count, sampling) => {
          const noise = noiseFor({ epsilon, delta: at, rounds: count, sampling });
          const of = (z: number) => epsilonOf([{ sampling, noise: z, rounds: count }], at).epsilon;
          expect(of(noise)).toBeLessThanOrEqual(epsilon);
          if (noise > 1e-3) expect(of(noise * (1 - 1e-5))).toBeGreaterThan(epsilon);
        },
      ),
      { numRuns: 12 },
    );
  }, 120_000);

  it('says so where no noise is enough', () => {
    expect(() => noiseFor({ epsilon: 0.001, delta: 1e-9, rounds: 10, sampling: 1 })).toThrow(
      /No noise keeps/,
    );
  });
});
