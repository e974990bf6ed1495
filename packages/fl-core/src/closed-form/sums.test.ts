import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random } from '../random.ts';
import { checkSums, inTriangle, SampleSums, type Sums, triangle } from './sums.ts';

const size = { features: 3, classes: 2 };

function drawn(seed: number, samples: number, scale = 1) {
  const rng = random(seed, 'samples');
  return {
    x: Float32Array.from({ length: samples * size.features }, () => scale * rng.normal() + rng.uniform()),
    y: Int32Array.from({ length: samples }, () => rng.below(size.classes)),
  };
}

function sumsOf(...parts: { x: Float32Array; y: Int32Array }[]): Sums {
  const sums = new SampleSums(size);
  for (const { x, y } of parts) sums.add(x, y);
  return sums.means();
}

describe('sums over samples', () => {
  it('are the means of x x and of x at each label, by hand', () => {
    const { gram, labels } = sumsOf({ x: Float32Array.of(1, 2, 3, -1, 0, 1), y: Int32Array.of(0, 1) });
    expect([...gram]).toEqual([1, 1, 1, 0, 2, 3, 1, 5, 2, 1]);
    expect([...labels]).toEqual([0.5, -0.5, 1, 0, 1.5, 0.5, 0.5, 0.5]);
    expect(gram).toHaveLength(triangle(4));
    expect([inTriangle(4, 0, 3), inTriangle(4, 2, 2), inTriangle(4, 3, 3)]).toEqual([3, 7, 9]);
  });

  it('refuse a label that is no class', () => {
    expect(() => sumsOf({ x: Float32Array.of(1, 2, 3), y: Int32Array.of(2) })).toThrow(RangeError);
  });

  it('add up over clients to those of one place', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 }), (a, b) => {
        const [one, two] = [drawn(1, a), drawn(2, b)];
        const [first, second, all] = [sumsOf(one), sumsOf(two), sumsOf(one, two)];
        for (const part of ['gram', 'labels'] as const)
          for (const [k, value] of all[part].entries())
            expect((a * first[part][k]! + b * second[part][k]!) / (a + b)).toBeCloseTo(value, 9);
      }),
    );
  });
});

describe('what no samples can have is refused', () => {
  const asSent = ({ gram, labels }: Sums): Sums => ({
    gram: Float64Array.from(Float32Array.from(gram)),
    labels: Float64Array.from(Float32Array.from(labels)),
  });

  it('and nothing else: whatever samples there are, in float32', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer(),
        fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
        (samples, seed, scale) => checkSums(size, asSent(sumsOf(drawn(seed, samples, scale)))),
      ),
    );
    checkSums(size, asSent(sumsOf({ x: new Float32Array(6), y: Int32Array.of(0, 1) })));
  });

  const changes: readonly [string, (sums: Sums) => void][] = [
    ['negative mean square', ({ gram }) => (gram[0] = -1)],
    ['not means', ({ gram }) => (gram[gram.length - 1] = 40)],
    [
      'negative share',
      ({ labels }) => {
        labels[6] = -0.5;
        labels[7] = 1.5;
      },
    ],
    [
      'more of a feature',
      ({ labels }) => {
        labels[0] = 50;
        labels[1] = -49;
      },
    ],
    ['do not add up', ({ labels }) => (labels[2]! += 0.05)],
    ['more in common', ({ gram }) => (gram[1] = 1e3)],
  ];
  it.each(changes)('%s', (what, change) => {
    const sums = sumsOf(drawn(5, 20));
    change(sums);
    expect(() => checkSums(size, sums)).toThrow(what);
  });
});
