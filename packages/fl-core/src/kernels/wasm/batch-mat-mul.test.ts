import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectLikeCpu, normal } from './testing.ts';

const flags = [false, true];

/** Shapes of two operands whose product is (batch..., m, n). */
function operands(
  m: number,
  k: number,
  n: number,
  left: number[],
  right: number[],
  tA: boolean,
  tB: boolean,
) {
  return [normal([...left, ...(tA ? [k, m] : [m, k])], 1), normal([...right, ...(tB ? [n, k] : [k, n])], 2)];
}

describe('BatchMatMul on wasm', () => {
  const cases = flags.flatMap((tA) => flags.map((tB) => ({ tA, tB })));

  it.each(cases)('equals cpu on any shape (transposeA=$tA, transposeB=$tB)', async ({ tA, tB }) => {
    const side = fc.integer({ min: 1, max: 20 });
    const batches = fc.constantFrom<[number[], number[]][]>(
      [[], []],
      [[1], [1]],
      [[3], [3]],
      [[1], [4]],
      [[4], [1]],
      [
        [2, 3],
        [2, 3],
      ],
    );
    await fc.assert(
      fc.asyncProperty(side, side, side, batches, async (m, k, n, [left, right]) => {
        await expectLikeCpu((a, b) => tf.matMul(a!, b!, tA, tB), operands(m, k, n, left, right, tA, tB));
      }),
      { numRuns: 25 },
    );
  });

  it.each(cases)(
    'equals cpu above the size where batches are split (transposeA=$tA, transposeB=$tB)',
    async ({ tA, tB }) => {
      for (const [left, right] of [
        [[], []],
        [[3], [3]],
        [[2], [1]],
        [[1], [2]],
      ] as const) {
        await expectLikeCpu(
          (a, b) => tf.matMul(a!, b!, tA, tB),
          operands(33, 65, 40, [...left], [...right], tA, tB),
        );
      }
    },
  );

  it.each(cases)('has the gradients of cpu (transposeA=$tA, transposeB=$tB)', async ({ tA, tB }) => {
    const loss = (a: tf.Tensor, b: tf.Tensor) => tf.sum<tf.Scalar>(tf.square(tf.matMul(a, b, tA, tB)));
    for (const batch of [[], [3]]) {
      await expectLikeCpu((a, b) => tf.grads(loss)([a!, b!]), operands(35, 33, 34, batch, batch, tA, tB));
    }
  });

  it('refuses batches that C++ would read out of bounds', async () => {
    await tf.setBackend('wasm');
    const a = tf.zeros([2, 1, 3, 4]);
    const b = tf.zeros([1, 3, 4, 5]);
    expect(() => tf.matMul(a, b)).toThrow(/cannot be combined/);
    tf.dispose([a, b]);
  });
});
