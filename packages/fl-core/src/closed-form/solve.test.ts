import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random } from '../random.ts';
import type { LabelMap } from './label-map.ts';
import { solveHead } from './solve.ts';
import { SampleSums, type Sums } from './sums.ts';

/** Of `experiments/oracles/closed-form.py`, which works on the samples. */
const heads: readonly {
  readonly features: number;
  readonly classes: number;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly weight: readonly number[];
  readonly bias: readonly number[];
  readonly ridge: number;
}[] = JSON.parse(readFileSync(new URL('fixtures/heads.json', import.meta.url), 'utf8'));

const mapOf = (features: number, classes: number, order: LabelMap['order'] = 'in-out'): LabelMap => ({
  layer: { name: 'head', role: 'head', tensors: [] },
  weight: { name: 'w', shape: order === 'in-out' ? [features, classes] : [classes, features] },
  bias: { name: 'b', shape: [classes] },
  ...{ order, features, classes },
});

function sumsOf(map: LabelMap, x: Float32Array, y: Int32Array): Sums {
  const sums = new SampleSums(map);
  sums.add(x, y);
  return sums.means();
}

/** Features around a centre of each label. */
function drawn(seed: number, map: LabelMap, samples: number, spread: number) {
  const rng = random(seed, 'features');
  const centres = Array.from({ length: map.classes * map.features }, () => rng.normal());
  const y = Int32Array.from({ length: samples }, () => rng.below(map.classes));
  const x = Float32Array.from(
    { length: samples * map.features },
    (_, k) =>
      centres[y[Math.floor(k / map.features)]! * map.features + (k % map.features)]! + spread * rng.normal(),
  );
  return { x, y };
}

/** The mean loss of a head on samples, and how many it has right. */
function tried(
  map: LabelMap,
  { weight, bias }: ReturnType<typeof solveHead>,
  x: Float32Array,
  y: Int32Array,
) {
  let [loss, right] = [0, 0];
  for (const [i, label] of y.entries()) {
    const own = x.subarray(i * map.features, (i + 1) * map.features);
    const z = Array.from(bias, (b, c) =>
      own.reduce((sum, v, j) => sum + v * weight[j * map.classes + c]!, b),
    );
    const most = Math.max(...z);
    loss += Math.log(z.reduce((sum, v) => sum + Math.exp(v - most), 0)) + most - z[label]!;
    if (z.indexOf(most) === label) right += 1;
  }
  return { loss: loss / y.length, right: right / y.length };
}

describe('a head from sums', () => {
  it.each(heads)('is what numpy makes of the samples ($features features, $classes labels)', (wanted) => {
    const map = mapOf(wanted.features, wanted.classes);
    const { y } = wanted;
    const sums = sumsOf(map, Float32Array.from(wanted.x), Int32Array.from(y));
    const got = solveHead(map, sums, y.length);
    expect(Math.abs(got.ridge / wanted.ridge - 1)).toBeLessThan(1e-9);
    const size = Math.max(...wanted.weight.map(Math.abs), ...wanted.bias.map(Math.abs));
    for (const [k, value] of wanted.weight.entries())
      expect(Math.abs(got.weight[k]! - value)).toBeLessThan(1e-6 * size);
    for (const [c, value] of wanted.bias.entries())
      expect(Math.abs(got.bias[c]! - value)).toBeLessThan(1e-6 * size);
  });

  it('has its values in the order of its tensor', () => {
    const [inOut, outIn] = [mapOf(3, 2, 'in-out'), mapOf(3, 2, 'out-in')];
    const { x, y } = drawn(1, inOut, 30, 1);
    const [a, b] = [inOut, outIn].map((map) => solveHead(map, sumsOf(map, x, y), 30).weight);
    for (let j = 0; j < 3; j++) for (let c = 0; c < 2; c++) expect(b![c * 3 + j]).toBe(a![j * 2 + c]);
  });

  it('tells labels apart that can be, and says no more of noise than how often each label is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 2, max: 5 }), (seed, classes) => {
        const map = mapOf(6, classes);
        const { x, y } = drawn(seed, map, 400, 0.1);
        const { loss, right } = tried(map, solveHead(map, sumsOf(map, x, y), 400), x, y);
        expect(right).toBeGreaterThan(0.9);
        expect(loss).toBeLessThan(0.5);
        const [noise, others] = ['seen', 'unseen'].map((what) => {
          const rng = random(seed, what);
          return Float32Array.from({ length: x.length }, () => rng.normal());
        });
        const vain = tried(map, solveHead(map, sumsOf(map, noise!, y), 400), others!, y);
        expect(vain.loss).toBeLessThan(Math.log(classes) + 0.1);
      }),
      { numRuns: 20 },
    );
  });

  it('is finite of one sample, of features that never change, and of one label alone', () => {
    const map = mapOf(3, 2);
    const cases: readonly [number[], number[]][] = [
      [[1, 2, 3], [1]],
      [
        [1, 1, 1, 1, 1, 1],
        [0, 1],
      ],
      [
        [1, 2, 3, 4, 5, 7],
        [1, 1],
      ],
      [
        [0, 0, 0, 0, 0, 0],
        [0, 1],
      ],
    ];
    for (const [x, y] of cases) {
      const { weight, bias } = solveHead(
        map,
        sumsOf(map, Float32Array.from(x), Int32Array.from(y)),
        y.length,
      );
      expect([...weight, ...bias].every(Number.isFinite)).toBe(true);
    }
  });
});
