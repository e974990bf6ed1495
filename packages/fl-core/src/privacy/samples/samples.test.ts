import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random } from '../../random.ts';
import { Length } from '../clip.ts';
import { cryptoWords, type RandomWords } from '../noise/words.ts';
import { ClippedSum } from './clipped-sum.ts';
import { drawSamples } from './draw.ts';
import { epsilonOfSteps, samplePlan, samplingRate } from './plan.ts';

/** A stream that is the same in every run. */
const seeded = (seed: string): RandomWords => {
  const { uniform } = random(seed);
  return { next: () => Math.floor(uniform() * 2 ** 32) };
};

const lengthOf = (tensors: readonly ArrayLike<number>[]): number => {
  const length = new Length();
  for (const values of tensors) length.add(values);
  return length.value;
};

describe('drawSamples', () => {
  it('draws each sample with batch / n, apart from the others, and nobody else in their place', () => {
    const words = seeded('draw');
    const [count, batchSize, draws] = [30, 7, 20_000];
    const times = new Array<number>(count).fill(0);
    let [both, sizes, squares] = [0, 0, 0];
    for (let i = 0; i < draws; i++) {
      const chosen = drawSamples(count, batchSize, words);
      expect(chosen).toEqual([...new Set(chosen)].sort((a, b) => a - b));
      for (const k of chosen) times[k]! += 1;
      if (chosen.includes(0) && chosen.includes(1)) both += 1;
      sizes += chosen.length;
      squares += chosen.length ** 2;
    }
    const q = batchSize / count;
    const deviation = Math.sqrt(draws * q * (1 - q));
    for (const n of times) expect(Math.abs(n - draws * q)).toBeLessThan(4.5 * deviation);
    expect(Math.abs(both - draws * q * q)).toBeLessThan(4.5 * Math.sqrt(draws * q * q));
    // Sizes are binomial: of batches of one size all of these would be the same.
    const variance = squares / draws - (sizes / draws) ** 2;
    expect(variance / (count * q * (1 - q))).toBeGreaterThan(0.95);
    expect(variance / (count * q * (1 - q))).toBeLessThan(1.05);
  });

  it('draws nobody now and then, all where there are no more than a batch, none of none', () => {
    const words = seeded('few');
    const drawn = Array.from({ length: 200 }, () => drawSamples(3, 1, words).length);
    expect(drawn).toContain(0); // (2/3)^3 of the time
    expect(drawSamples(3, 3, words)).toEqual([0, 1, 2]);
    expect(drawSamples(3, 8, words)).toEqual([0, 1, 2]);
    expect(drawSamples(0, 8, words)).toEqual([]);
  });
});

describe('ClippedSum', () => {
  const value = fc.oneof(
    fc.double({ min: -1e3, max: 1e3, noNaN: true }),
    fc.double({ min: -1e-30, max: 1e-30, noNaN: true }),
    fc.constantFrom(0, 3e38, -3e38, Number.POSITIVE_INFINITY, Number.NaN),
  );
  const gradient = fc
    .tuple(fc.array(value, { minLength: 5, maxLength: 5 }), fc.array(value, { minLength: 2, maxLength: 2 }))
    .map((tensors) => tensors.map((t) => Float32Array.from(t)));

  it('is changed by one sample more or less by at most the clip, whatever the others are', () => {
    fc.assert(
      fc.property(
        fc.array(gradient, { maxLength: 20 }),
        gradient,
        fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
        fc.constantFrom(0.05, 0.5, 1, 7.3, 1e4),
        (others, one, clip, noise) => {
          const sums = [others, [...others.slice(0, 3), one, ...others.slice(3)]].map((all) => {
            const sum = new ClippedSum([5, 2], { clip, noise, words: cryptoWords() });
            for (const g of all) sum.add(g);
            return sum;
          });
          const [without, within] = [sums[0]!.steps, sums[1]!.steps];
          const difference = within.map((t, i) => t.map((v, k) => v - without[i]![k]!));
          expect(lengthOf(difference) * sums[0]!.step).toBeLessThanOrEqual(clip * (1 + 1e-12));
          expect(within.flatMap((t) => [...t]).every(Number.isSafeInteger)).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('adds gradients as they are, and longer ones scaled down as a whole; what is not finite counts as zeros', () => {
    const sum = new ClippedSum([2, 1], { clip: 1, noise: 0, words: cryptoWords() });
    expect(sum.add([[3, 0], [4]])).toBe(true); // 5 long
    expect(sum.add([[0.1, -0.2], [0]])).toBe(true);
    expect(sum.add([[0.1, Number.NaN], [0]])).toBe(false);
    expect(sum.add([[0.1, 0], [Number.NEGATIVE_INFINITY]])).toBe(false);
    const [first, second] = sum.release(2);
    expect(first![0]).toBeCloseTo((0.6 + 0.1) / 2, 6);
    expect(first![1]).toBeCloseTo(-0.1, 6);
    expect(second![0]).toBeCloseTo(0.4, 6);
    // What was released is forgotten.
    expect(sum.release(1).map((t) => [...t])).toEqual([[0, 0], [0]]);
  });

  it.each([0.3, 1, 5])('has noise of %s clips on every value, by chi-square and by mean', (noise) => {
    const [clip, divisor, size] = [2, 8, 100_000];
    const sum = new ClippedSum([size, 3], { clip, noise, words: seeded(`noise ${noise}`) });
    const [values] = sum.release(divisor);
    const deviation = (noise * clip) / divisor;
    const squares = values!.reduce((all, v) => all + (v / deviation) ** 2, 0);
    expect(Math.abs(squares - size)).toBeLessThan(4 * Math.sqrt(2 * size));
    const mean = values!.reduce((all, v) => all + v, 0) / size;
    expect(Math.abs(mean)).toBeLessThan((4 * deviation) / Math.sqrt(size));
    // Neighbours have nothing to do with each other.
    const products = values!.slice(1).reduce((all, v, i) => all + v * values![i]!, 0) / deviation ** 2;
    expect(Math.abs(products)).toBeLessThan(4 * Math.sqrt(size));
  });

  it('draws noise anew at each step', () => {
    const sum = new ClippedSum([100], { clip: 1, noise: 1, words: cryptoWords() });
    expect(sum.release(1)).not.toEqual(sum.release(1));
  });
});

describe('samplePlan', () => {
  const work = { samples: 1000, batchSize: 40, steps: 500 };

  it('accounts as Opacus does', () => {
    // Opacus 1.6.0, RDP
    const spent = epsilonOfSteps([{ sampling: 0.04, noise: 1.5, steps: 2250 }], 1e-5);
    expect(spent).toBeCloseTo(7.32911117, 6);
    const parts = [1250, 1000].map((steps) => ({ sampling: 0.04, noise: 1.5, steps }));
    expect(epsilonOfSteps(parts, 1e-5)).toBeCloseTo(spent, 9);
    const mixed = [
      { sampling: 0.2, noise: 1.2, steps: 100 },
      { sampling: 0.2, noise: 2, steps: 50 },
    ];
    expect(epsilonOfSteps(mixed, 1e-5)).toBeCloseTo(12.52652243, 6);
    expect(epsilonOfSteps([], 1e-5)).toBe(0);
  });

  it('takes the least noise with which all steps stay within epsilon', () => {
    const promise = { epsilon: 8, delta: 1e-5, noise: null };
    const plan = samplePlan(promise, work);
    expect(plan).toMatchObject({ sampling: 0.04, steps: 500 });
    expect(epsilonOfSteps([plan], 1e-5)).toBeLessThanOrEqual(8);
    expect(epsilonOfSteps([{ ...plan, noise: 0.999 * plan.noise }], 1e-5)).toBeGreaterThan(8);
    expect(samplePlan({ ...promise, noise: 3 }, work).noise).toBe(3);
  });

  it('needs less noise for more samples, and more for more steps', () => {
    const noise = (more: Partial<typeof work>) =>
      samplePlan({ epsilon: 4, delta: 1e-5, noise: null }, { ...work, ...more }).noise;
    const bySamples = [20, 100, 1000, 10_000].map((samples) => noise({ samples }));
    expect(bySamples).toEqual([...bySamples].sort((a, b) => b - a));
    expect(noise({ steps: 5000 })).toBeGreaterThan(noise({}));
  });

  it('takes every sample in each step where there are few, and claims nothing for it', () => {
    expect(samplingRate({ samples: 30, batchSize: 40 })).toBe(1);
    expect(samplingRate({ samples: 0, batchSize: 40 })).toBe(1);
    const { noise } = samplePlan(
      { epsilon: 1, delta: 1e-5, noise: null },
      { ...work, samples: 30, steps: 1 },
    );
    // The analytic Gaussian mechanism needs 3.73 for (1, 1e-5); RDP a little more.
    expect(noise).toBeGreaterThan(3.73);
    expect(noise).toBeLessThan(4.5);
  });
});
