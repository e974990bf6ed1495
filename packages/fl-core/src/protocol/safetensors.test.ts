import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from './safetensors.ts';

const tensor = (name: string, values: readonly number[]): NamedTensor => ({
  name,
  shape: [values.length],
  data: Float32Array.from(values),
});

describe('safetensors', () => {
  it('gives back any float32 tensors', () => {
    const values = fc.array(fc.float({ noNaN: true }), { maxLength: 20 });
    const names = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(names, values, (names, values) => {
        // A name of digits would be moved to the front of a JSON object; parameter names have none.
        const tensors = names.map((name) => tensor(`layer.${name}`, values));
        expect(decodeSafetensors(encodeSafetensors(tensors)).tensors).toEqual(tensors);
      }),
    );
  });

  it('reads a Node Buffer, whose slice() shares memory, like any other bytes', () => {
    const tensors = [tensor('a', [1, 2]), tensor('b', [3])];
    expect(decodeSafetensors(Buffer.from(encodeSafetensors(tensors))).tensors).toEqual(tensors);
  });
});
