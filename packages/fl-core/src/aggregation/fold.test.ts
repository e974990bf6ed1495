import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFold } from './fold.ts';
import { inClientOrder, layerWeights } from './weights.ts';

describe('createFold', () => {
  it('adds weighted chunks at their offsets', () => {
    const fold = createFold(4);
    fold.add(0.5, Float32Array.of(2, 4), 0);
    fold.add(2, Float32Array.of(1, 1, 1), 1);
    expect([...fold.sum]).toEqual([1, 4, 2, 2]);
  });

  it('refuses a chunk outside its range', () => {
    expect(() => createFold(2).add(1, new Float32Array(2), 1)).toThrow(RangeError);
    expect(() => createFold(2).add(1, new Float32Array(1), -1)).toThrow(RangeError);
  });

  it('R7: in client order, the same updates give the same bytes whatever the order of arrival', () => {
    const update = fc.record({
      client: fc.uuid(),
      samples: fc.integer({ min: 1, max: 1000 }),
      values: fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 5, maxLength: 5 }),
    });
    const folded = (updates: readonly { client: string; samples: number; values: number[] }[]) => {
      const fold = createFold(5);
      for (const u of inClientOrder(updates)) fold.add(u.samples, Float32Array.from(u.values), 0);
      return [...new BigUint64Array(fold.sum.buffer)];
    };
    fc.assert(
      fc.property(fc.uniqueArray(update, { selector: (u) => u.client, minLength: 2 }), (updates) => {
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
