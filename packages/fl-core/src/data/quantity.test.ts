import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { partitionByQuantity } from './quantity.ts';

describe('shards of different sizes', () => {
  it('has every index in exactly one part, ascending, none smaller than the least', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 0, max: 200 }),
        fc.double({ min: 0.05, max: 10, noNaN: true }),
        fc.nat(),
        (parts, minimum, more, alpha, seed) => {
          const count = parts * minimum + more;
          const drawn = partitionByQuantity(count, parts, alpha, seed, minimum);
          expect(drawn.flat().sort((a, b) => a - b)).toEqual([...Array(count).keys()]);
          for (const part of drawn) {
            expect(part.length).toBeGreaterThanOrEqual(minimum);
            expect(part).toEqual([...part].sort((a, b) => a - b));
          }
        },
      ),
    );
  });

  it('makes equal parts without skew, and unequal ones with much', () => {
    const sizes = (alpha: number) => partitionByQuantity(1000, 10, alpha, 1).map((p) => p.length);
    expect(sizes(Number.POSITIVE_INFINITY)).toEqual(new Array(10).fill(100));
    expect(Math.max(...sizes(0.3))).toBeGreaterThan(4 * Math.max(1, Math.min(...sizes(0.3))));
  });

  it('refuses what cannot be', () => {
    expect(() => partitionByQuantity(9, 5, 1, 1, 2)).toThrow('cannot be split');
  });
});
