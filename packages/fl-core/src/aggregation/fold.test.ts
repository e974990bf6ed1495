import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random } from '../random.ts';
import { createFold, createPlainFold, createWasmFold, type Fold } from './fold.ts';
import { relativeError } from './testing/exact.ts';
import { inClientOrder, layerWeights } from './weights.ts';

const bytes = (fold: Fold): Uint8Array =>
  new Uint8Array(fold.sum.buffer, fold.sum.byteOffset, fold.sum.byteLength).slice();

const wasmFold = (elements: number): Fold => {
  const fold = createWasmFold(elements);
  if (!fold) throw new Error('This machine has no WebAssembly SIMD: the comparison would compare nothing.');
  return fold;
};

describe('createFold', () => {
  it('is the WebAssembly fold here', () => {
    expect(createFold(1).sum.buffer.byteLength).toBe(wasmFold(1).sum.buffer.byteLength);
  });

  it.each([
    ['wasm', wasmFold],
    ['plain', createPlainFold],
  ])('%s adds weighted chunks at their offsets', (_, create) => {
    const fold = create(20);
    fold.add(0.5, Float32Array.of(2, 4), 0);
    fold.add(2, new Float32Array(19).fill(1), 1);
    expect([...fold.sum]).toEqual([1, 4, ...new Array<number>(18).fill(2)]);
  });

  it('refuses a chunk outside its range', () => {
    expect(() => createFold(2).add(1, new Float32Array(2), 1)).toThrow(RangeError);
    expect(() => createFold(2).add(1, new Float32Array(1), -1)).toThrow(RangeError);
    expect(() => createFold(2).add(1, new Float32Array(1), 0.5)).toThrow(RangeError);
  });

  it('gives the same bytes in WebAssembly and in plain JavaScript, wherever the chunks are cut', () => {
    const weight = fc.double({ min: 0, max: 1, noNaN: true });
    const update = fc.tuple(
      weight,
      fc.float32Array({ minLength: 37, maxLength: 37, noNaN: true, max: 2 ** 100, min: -(2 ** 100) }),
    );
    fc.assert(
      fc.property(fc.array(update, { minLength: 1, maxLength: 8 }), fc.nat(37), (updates, cut) => {
        const wasm = wasmFold(37);
        const plain = createPlainFold(37);
        for (const [w, values] of updates) {
          wasm.add(w, values.subarray(0, cut), 0);
          wasm.add(w, values.subarray(cut), cut);
          plain.add(w, values, 0);
        }
        expect(bytes(wasm)).toEqual(bytes(plain));
      }),
    );
  });

  it('gives the same bytes for layers longer than what is staged at once', () => {
    const draws = random('fold');
    const length = 50_003;
    const wasm = wasmFold(length);
    const plain = createPlainFold(length);
    for (let client = 0; client < 5; client++) {
      const values = Float32Array.from({ length }, () => draws.normal());
      const weight = draws.uniform();
      wasm.add(weight, values, 0);
      plain.add(weight, values, 0);
    }
    expect(Buffer.compare(bytes(wasm), bytes(plain))).toBe(0);
  });

  it('R7: a thousand updates are within 1e-12 of the exact sum', () => {
    const draws = random('exact');
    const clients = 1000;
    const columns = 16;
    const fold = createFold(columns);
    const raw = Array.from({ length: clients }, () => 1 + draws.below(1000));
    const total = raw.reduce((a, b) => a + b, 0);
    const weights = raw.map((d) => d / total);
    const updates = weights.map(() =>
      // spread over many magnitudes, so that rounding shows
      Float32Array.from({ length: columns }, () => draws.normal() * Math.exp(4 * draws.normal())),
    );
    updates.forEach((u, i) => {
      fold.add(weights[i]!, u, 0);
    });
    for (let k = 0; k < columns; k++) {
      const values = updates.map((u) => u[k]!);
      expect(relativeError(fold.sum[k]!, weights, values)).toBeLessThan(1e-12);
    }
    // the oracle sees an error of that size
    const first = updates.map((u) => u[0]!);
    expect(relativeError(fold.sum[0]! * (1 + 1e-9) + 1e-9, weights, first)).toBeGreaterThan(1e-12);
  });

  it('R7: in client order, the same updates give the same bytes whatever the order of arrival', () => {
    const update = fc.record({
      client: fc.uuid(),
      samples: fc.integer({ min: 1, max: 1000 }),
      values: fc.float32Array({ minLength: 9, maxLength: 9, noNaN: true, max: 2 ** 100, min: -(2 ** 100) }),
    });
    fc.assert(
      fc.property(fc.uniqueArray(update, { selector: (u) => u.client, minLength: 2 }), (updates) => {
        const folded = (arrived: typeof updates) => {
          const fold = createFold(9);
          for (const u of inClientOrder(arrived)) fold.add(u.samples, u.values, 0);
          return bytes(fold);
        };
        expect(folded(updates.toReversed())).toEqual(folded(updates));
      }),
    );
  });
});

describe('layerWeights', () => {
  const contributions = [
    { client: 'b', samples: 30, layers: ['x', 'y'] },
    { client: 'a', samples: 10, layers: ['x'] },
    { client: 'c', samples: 0, layers: ['x', 'z'] },
    { client: 'empty', samples: 50, layers: [] },
  ];

  it('R6: weighs by samples among those who trained the layer, in client order', () => {
    expect(layerWeights(contributions, 'x')).toEqual([
      { client: 'a', weight: 0.25 },
      { client: 'b', weight: 0.75 },
    ]);
    expect(layerWeights(contributions, 'y')).toEqual([{ client: 'b', weight: 1 }]);
  });

  it('R6: is empty for a layer that nobody trained, or nobody with samples', () => {
    expect(layerWeights(contributions, 'w')).toEqual([]);
    expect(layerWeights(contributions, 'z')).toEqual([]);
  });
});
