import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random } from '../../random.ts';
import { skellamEpsilon } from '../accountant/skellam.ts';
import type { RandomWords } from '../noise/words.ts';
import { distributedNoiseFor, largestSum, noiseGridFor } from './grid.ts';
import { noisedWords, roundedWithin } from './words.ts';

const seeded = (...seed: (string | number)[]): RandomWords => {
  const { uniform } = random('distributed', ...seed);
  return { next: () => Math.floor(uniform() * 2 ** 32) };
};

const settings = fc.record({
  clip: fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
  noise: fc.double({ min: 0.3, max: 30, noNaN: true }),
  honest: fc.integer({ min: 1, max: 100 }),
  members: fc.integer({ min: 100, max: 3000 }),
  values: fc.integer({ min: 1, max: 10_000_000 }),
});

const lengths = (layers: ReadonlyMap<string, ArrayLike<number>>) => {
  let [l1, squares] = [0, 0];
  for (const values of layers.values())
    for (const value of Array.from(values)) {
      l1 += Math.abs(value);
      squares += value * value;
    }
  return { l1, l2: Math.sqrt(squares) };
};

describe('the grid', () => {
  it('holds a sum of all members in an int32, is the finest that does, and its noise is z S', () => {
    fc.assert(
      fc.property(settings, (of) => {
        const grid = noiseGridFor(of);
        expect(largestSum(grid, of.members)).toBeLessThan(2 ** 31);
        // of the next one either a sum or a single number would be too large
        if (grid.bits < 26) {
          const finer = { ...grid, bits: grid.bits + 1, farthest: 2 * grid.farthest - 2 };
          expect(largestSum(finer, of.members)).toBeGreaterThan(2 ** 31 - 2 * of.members);
        }
        const deviation = Math.sqrt(grid.variance) / grid.scale;
        expect(deviation / (of.noise * of.clip)).toBeCloseTo(1, 9);
        expect(grid.variance).toBe(of.honest * 4 ** grid.bits);
        expect(grid.l2).toBeGreaterThanOrEqual(of.clip * grid.scale);
        expect(grid.l1).toBeLessThanOrEqual(grid.l2 ** 2);
      }),
    );
  });

  it('is the case worked by hand: 3 members of 3, z 1, S 1', () => {
    // 2^b (3 sqrt 3 + 12 sqrt 3) + 3 <= 2^31: b = 26 would be 1.7e9 + 3
    const grid = noiseGridFor({ clip: 1, noise: 1, honest: 3, members: 3, values: 4 });
    expect(grid.bits).toBe(26);
    expect(grid.scale).toBeCloseTo(2 ** 26 * Math.sqrt(3), 3);
    expect(grid.farthest).toBe(Math.floor(2 ** 26 * Math.sqrt(3)) + 1);
    const length = grid.scale;
    expect(grid.l2 ** 2 / (length ** 2 + 1 + length + 1)).toBeCloseTo(1, 12);
  });

  it('is refused where nothing would be left of a value', () => {
    const of = { clip: 1, noise: 1, honest: 5, members: 10_000_000, values: 100 };
    expect(() => noiseGridFor(of)).toThrow('do not fit into 32 bits');
  });

  it('needs the least noise with which all rounds stay within epsilon', () => {
    fc.assert(
      fc.property(
        settings,
        fc.double({ min: 0.5, max: 20, noNaN: true }),
        fc.integer({ min: 1, max: 200 }),
        (of, epsilon, rounds) => {
          const noise = distributedNoiseFor(of, { epsilon, delta: 1e-4, rounds });
          const spent = (z: number) =>
            skellamEpsilon(noiseGridFor({ ...of, noise: z }), rounds, 1e-4).epsilon;
          expect(spent(noise)).toBeLessThanOrEqual(epsilon);
          expect(spent(noise * 0.999)).toBeGreaterThan(epsilon);
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('rounding', () => {
  it('never makes an update longer than the accountant says, however long it was and whatever chance says', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -1000, max: 1000 }), {
          minLength: 1,
          maxLength: 60,
        }),
        fc.double({ min: 0.5, max: 200, noNaN: true }),
        fc.integer(),
        fc.boolean(),
        (values, scale, seed, up) => {
          // a coarse grid, where rounding is most of a value
          const [clip, count] = [1, values.length];
          const length = clip * scale;
          const l2 = Math.sqrt(
            Math.min(
              (length + Math.sqrt(count)) ** 2,
              length ** 2 + count / 4 + length + Math.sqrt(count) / 2,
            ),
          );
          const grid = { bits: 10, scale, farthest: 0, l1: 0, l2, variance: 1 };
          const layers = new Map([['a', Float32Array.from(values)]]);
          const words = up ? { next: () => 2 ** 32 - 1 } : seeded(seed);
          const rounded = roundedWithin(layers, clip, grid, words);
          expect(lengths(rounded).l2).toBeLessThanOrEqual(l2);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('gives back the value as the mean of many, and nothing of a value of 0', () => {
    const grid = {
      ...noiseGridFor({ clip: 1, noise: 1, honest: 5, members: 50, values: 100_001 }),
      scale: 100,
    };
    const values = new Float32Array(100_001).fill(0.0000123);
    values[100_000] = 0;
    const rounded = roundedWithin(new Map([['a', values]]), 1, { ...grid, l2: 1e9 }, seeded('mean')).get(
      'a',
    )!;
    const mean = rounded.subarray(0, 100_000).reduce((a, b) => a + b, 0) / 100_000;
    // 0 or 1 with a mean of 0.00123: within five deviations
    expect(Math.abs(mean - 0.00123)).toBeLessThan(5 * Math.sqrt(0.00123 / 100_000));
    expect(rounded[100_000]).toBe(0);
  });

  it('refuses what is no number, by its layer', () => {
    const grid = noiseGridFor({ clip: 1, noise: 1, honest: 5, members: 50, values: 2 });
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => noisedWords(new Map([['head', Float32Array.of(0, value)]]), 1, grid, seeded(1))).toThrow(
        'A change of head',
      );
  });
});

describe('a participant’s part', () => {
  it('is its clipped update and noise of its own: the sum of t of them has a deviation of z S', () => {
    const of = { clip: 2, noise: 1.5, honest: 6, members: 60, values: 40_000 };
    const grid = noiseGridFor(of);
    // each far longer than the clip, all in one direction
    const layers = () =>
      new Map([
        ['a', new Float32Array(20_000).fill(3)],
        ['b', new Float32Array(20_000).fill(-3)],
      ]);
    const sum = new Float64Array(40_000);
    for (let member = 0; member < 6; member++) {
      const words = noisedWords(layers(), of.clip, grid, seeded('part', member));
      [...words.get('a')!, ...words.get('b')!].forEach((word, k) => {
        sum[k]! += word;
      });
    }
    const each = (6 * of.clip) / Math.sqrt(40_000); // six times the clipped value
    let squares = 0;
    let along = 0;
    sum.forEach((word, k) => {
      const signed = (k < 20_000 ? 1 : -1) * (word / grid.scale);
      along += signed / 40_000;
      squares += (signed - each) ** 2;
    });
    const deviation = of.noise * of.clip;
    expect(Math.abs(along - each)).toBeLessThan((4 * deviation) / Math.sqrt(40_000));
    expect(Math.abs(squares / deviation ** 2 - 40_000)).toBeLessThan(4 * Math.sqrt(80_000));
  });

  it('leaves the update as it was', () => {
    const grid = noiseGridFor({ clip: 1, noise: 1, honest: 5, members: 50, values: 3 });
    const layers = new Map([['a', Float32Array.of(1, 2, 3)]]);
    noisedWords(layers, 1, grid, seeded(1));
    expect([...layers.get('a')!]).toEqual([1, 2, 3]);
  });
});

describe('an attack', () => {
  it('on one update of the clip’s length in a sum of five parts sees less than the accountant says, and a good part of it', () => {
    const delta = 1e-3;
    // Coarse, so that a part is not far from the least deviation that there is.
    const grid = { ...noiseGridFor({ clip: 1, noise: 1, honest: 5, members: 60, values: 1 }), bits: 10 };
    const scale = (2 ** 10 * Math.sqrt(5)) / 1;
    const of = { ...grid, scale, l2: Math.sqrt(scale ** 2 + 0.25 + scale + 0.5), variance: 5 * 4 ** 10 };
    const nothing = () => noisedWords(new Map([['a', Float32Array.of(0)]]), 1, of, words);
    const words = seeded('attack');
    const [zeros, ones] = [[] as number[], [] as number[]];
    for (let trial = 0; trial < 30_000; trial++) {
      let sum = 0;
      for (let other = 0; other < 4; other++) sum += nothing().get('a')![0]!;
      zeros.push(sum + nothing().get('a')![0]!);
      ones.push(sum + noisedWords(new Map([['a', Float32Array.of(7)]]), 1, of, words).get('a')![0]!);
    }
    // within five deviations of what is counted: a bound of the true rates that chance breaks once in millions
    const least = (n: number) => Math.max(0, n - 5 * Math.sqrt(n + 1)) / zeros.length;
    const most = (n: number) => (n + 5 * Math.sqrt(n + 1)) / zeros.length;
    let seen = 0;
    for (let threshold = -2 * scale; threshold < 4 * scale; threshold += scale / 10) {
      const [right, wrong] = [ones, zeros].map((all) => all.filter((x) => x > threshold).length) as [
        number,
        number,
      ];
      seen = Math.max(seen, Math.log((least(right) - delta) / most(wrong)) || 0);
    }
    const squares = of.l2 ** 2;
    const { epsilon } = skellamEpsilon({ ...of, l1: Math.min(of.l2, squares) }, 1, delta);
    expect(seen).toBeLessThan(epsilon);
    expect(seen).toBeGreaterThan(0.3 * epsilon);
  }, 60_000);
});
