import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimatedError } from './error-terms.ts';

const everybody = [Uint8Array.of(1), Uint8Array.of(1)];
const nobody = [Uint8Array.of(0), Uint8Array.of(0)];
const first = [Uint8Array.of(1), Uint8Array.of(0)];

describe('estimatedError', () => {
  const gradients = { scores: [[4], [1]], samples: [1, 1] };

  it('by hand: norms 2 and 1 have a mean of squares of 2.5', () => {
    // as alike as they can be: ||g||^2 = 1.5^2, kappa^2 = 0.25; at right angles: both 1.25
    for (const [alignment, common, apart] of [
      [1, 2.25, 0.25],
      [0, 1.25, 1.25],
      [0.5, 1.75, 0.75],
    ] as const) {
      const at = { ...gradients, alignment };
      expect(estimatedError(at, everybody)).toBe(0);
      expect(estimatedError(at, nobody)).toBeCloseTo(common, 12);
      expect(estimatedError(at, first)).toBeCloseTo(apart, 12); // chi2 of half of the samples is 1
    }
  });

  it('weighs by samples; clients without any count alike', () => {
    const at = (samples: number[]) => estimatedError({ scores: [[4], [1]], samples, alignment: 1 }, nobody);
    expect(at([3, 1])).toBeCloseTo((0.75 * 2 + 0.25 * 1) ** 2, 12);
    expect(at([0, 0])).toBeCloseTo(1.5 ** 2, 12);
  });

  it('is what Theorem 1 has where the gradients really lie so: at right angles', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.01, max: 3, noNaN: true }), { minLength: 2, maxLength: 6 }),
        fc.nat(),
        (norms, bits) => {
          const n = norms.length;
          const masks = norms.map((_, i) => Uint8Array.of((bits >> i) & 1));
          const scores = norms.map((g) => [g ** 2]);
          // g_i = norm_i e_i, the mean has the entries norm_i / n
          const common = norms.reduce((sum, g) => sum + (g / n) ** 2, 0);
          const apart = norms.reduce((sum, g) => sum + (g ** 2 - common) / n, 0);
          const k = masks.filter((m) => m[0] === 1).length;
          const expected = k === 0 ? common : (n / k - 1) * apart;
          const found = estimatedError({ scores, samples: norms.map(() => 5), alignment: 0 }, masks);
          expect(found).toBeCloseTo(expected, 9);
        },
      ),
    );
  });
});
