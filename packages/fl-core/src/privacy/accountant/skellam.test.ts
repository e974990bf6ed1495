import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { epsilonOf } from './epsilon.ts';
import { skellamEpsilon, skellamRdp } from './skellam.ts';

/** By experiments/oracles/skellam.py. */
const python = z
  .object({
    divergences: z.array(
      z.object({
        variance: z.number(),
        moves: z.array(z.number()),
        order: z.number(),
        divergence: z.number(),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('../fixtures/skellam.json', import.meta.url), 'utf8')));

/** Exact, by another program than the fixture's (research of 2026-11-26): variance, how far one number is moved, order. */
const research = [
  [10, 1, 2, 0.09965444],
  [10, 1, 4, 0.19540814],
  [10, 1, 8, 0.36463381],
  [100, 5, 2, 0.24964813],
  [100, 5, 4, 0.49632839],
  [100, 5, 8, 0.96919428],
] as const;

describe('skellamRdp', () => {
  it.each(research)(
    'is no less than the exact divergence: variance %i, moved by %i, order %i',
    (variance, moved, order, exact) => {
      const bound = skellamRdp({ variance, l1: moved, l2: moved }, order);
      expect(bound).toBeGreaterThanOrEqual(exact);
      expect(bound).toBeLessThan(exact * 1.25);
    },
  );

  it('is no less than the exact divergence of whole vectors, and not much more (mpmath)', () => {
    for (const { variance, moves, order, divergence } of python.divergences) {
      const l1 = moves.reduce((a, b) => a + b, 0);
      const l2 = Math.sqrt(moves.reduce((a, b) => a + b * b, 0));
      const bound = skellamRdp({ variance, l1, l2 }, order);
      expect(bound, JSON.stringify({ variance, moves, order })).toBeGreaterThanOrEqual(divergence);
      // at large orders of what is moved by a deviation and more the bound is loose
      if (order <= 3) expect(bound).toBeLessThan(divergence * 1.6);
    }
  });

  it('is the case worked by hand: mu 10, D1 3, D2 2, order 4', () => {
    // 4 * 4 / 20 + min((7 * 4 + 18) / 400, 9 / 20)
    expect(skellamRdp({ variance: 10, l1: 3, l2: 2 }, 4)).toBeCloseTo(0.8 + 0.115, 12);
    // where numbers are moved far beside their noise the other bound is the lesser: 4 * 100 / 2 + min(.., 30 / 2)
    expect(skellamRdp({ variance: 1, l1: 10, l2: 10 }, 4)).toBeCloseTo(200 + 15, 12);
  });

  it('is refused at orders that it is not proved for', () => {
    const step = { variance: 10, l1: 1, l2: 1 };
    for (const order of [1, 1.5, 2.5]) expect(() => skellamRdp(step, order)).toThrow('Not proved');
  });
});

describe('skellamEpsilon', () => {
  const some = fc.record({
    noise: fc.double({ min: 0.5, max: 20, noNaN: true }),
    rounds: fc.integer({ min: 1, max: 500 }),
    delta: fc.constantFrom(1e-2, 1e-4, 1e-6),
  });
  /** Moved by 1 deviation over z, in so many equal steps. */
  const stepOf = (noise: number, fine: number) => ({
    variance: (noise * fine) ** 2,
    l1: 100 * fine,
    l2: fine,
  });

  it('never falls below the Gaussian mechanism of the same noise, and comes to it on a fine grid', () => {
    fc.assert(
      fc.property(some, ({ noise, rounds, delta }) => {
        const gaussian = epsilonOf([{ sampling: 1, noise, rounds }], delta).epsilon;
        const { epsilon } = skellamEpsilon(stepOf(noise, 2 ** 20), rounds, delta);
        expect(epsilon).toBeGreaterThanOrEqual(gaussian);
        const whole = skellamEpsilon(stepOf(noise, 2 ** 30), rounds, delta).epsilon;
        expect(epsilon - whole).toBeLessThan(1e-3 * whole);
      }),
    );
  });

  it('grows with the rounds and falls with the noise and the grid', () => {
    fc.assert(
      fc.property(some, ({ noise, rounds, delta }) => {
        const of = (z: number, fine: number, count: number) =>
          skellamEpsilon(stepOf(z, fine), count, delta).epsilon;
        const here = of(noise, 100, rounds);
        expect(of(noise, 100, rounds + 1)).toBeGreaterThanOrEqual(here);
        expect(of(noise * 1.1, 100, rounds)).toBeLessThanOrEqual(here);
        expect(of(noise, 200, rounds)).toBeLessThanOrEqual(here);
      }),
    );
    expect(skellamEpsilon(stepOf(1, 10), 0, 1e-3)).toEqual({ epsilon: 0, order: null });
  });
});
