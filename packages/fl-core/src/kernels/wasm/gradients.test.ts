import * as tf from '@tensorflow/tfjs-core';
// The gradients of convolutions and pooling, which only these tests need.
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { describe, expect, it } from 'vitest';
import { registerKernels } from '../index.ts';
import { expectLikeCpu, normal } from './testing.ts';

/** A scalar that weighs every element differently, so that a misplaced gradient shows. */
const weigh = (t: tf.Tensor): tf.Scalar =>
  tf.tidy(() => tf.sum<tf.Scalar>(tf.mul(tf.square(t), tf.reshape(tf.linspace(0.5, 1.5, t.size), t.shape))));

describe('gradients that stock wasm lacks or gets wrong equal cpu', () => {
  it('gather, with repeated and missing rows', async () => {
    await expectLikeCpu(
      (table) => tf.grad((t: tf.Tensor) => weigh(tf.gather(t, tf.tensor1d([2, 0, 2, 5], 'int32'))))(table!),
      [normal([7, 3], 1)],
    );
  });

  it('unsortedSegmentSum leaves out ids that are no segment', async () => {
    registerKernels('wasm');
    await tf.setBackend('wasm');
    const sums = tf.tidy(() =>
      tf.unsortedSegmentSum(tf.tensor1d([1, 2, 3, 4]), tf.tensor1d([-1, 1, 1, 9], 'int32'), 3),
    );
    expect([...(await sums.data())]).toEqual([0, 5, 0]);
    sums.dispose();
  });

  it.each([
    [1, 'valid'],
    [2, 'same'],
  ] as const)('conv2d, stride %i, padding %s', async (stride, pad) => {
    await expectLikeCpu(
      (x, w) =>
        tf.grads((a: tf.Tensor, b: tf.Tensor) =>
          weigh(
            tf.conv2d(
              tf.reshape<tf.Rank.R4>(a, [2, 6, 5, 3]),
              tf.reshape<tf.Rank.R4>(b, [3, 2, 3, 4]),
              stride,
              pad,
            ),
          ),
        )([x!, w!]),
      [normal([2, 6, 5, 3], 1), normal([3, 2, 3, 4], 2)],
    );
  });

  it.each([
    [1, 'valid'],
    [2, 'same'],
  ] as const)('depthwiseConv2d, stride %i, padding %s', async (stride, pad) => {
    await expectLikeCpu(
      (x, w) =>
        tf.grads((a: tf.Tensor, b: tf.Tensor) =>
          weigh(
            tf.depthwiseConv2d(
              tf.reshape<tf.Rank.R4>(a, [2, 6, 5, 3]),
              tf.reshape<tf.Rank.R4>(b, [3, 2, 3, 2]),
              stride,
              pad,
            ),
          ),
        )([x!, w!]),
      [normal([2, 6, 5, 3], 1), normal([3, 2, 3, 2], 2)],
    );
  });

  it.each([
    [2, 2, 'valid'],
    [3, 1, 'same'],
  ] as const)('maxPool, window %i, stride %i, padding %s', async (window, stride, pad) => {
    await expectLikeCpu(
      (x) =>
        tf.grad((a: tf.Tensor) =>
          weigh(tf.maxPool(tf.reshape<tf.Rank.R4>(a, [2, 6, 6, 3]), window, stride, pad)),
        )(x!),
      [normal([2, 6, 6, 3], 1)],
    );
  });

  it.each([1, 2])('conv3d, stride %i', async (stride) => {
    await expectLikeCpu(
      (x, w) =>
        tf.grads((a: tf.Tensor, b: tf.Tensor) =>
          weigh(
            tf.conv3d(
              tf.reshape<tf.Rank.R5>(a, [1, 5, 4, 4, 2]),
              tf.reshape<tf.Rank.R5>(b, [2, 2, 2, 2, 3]),
              stride,
              'same',
            ),
          ),
        )([x!, w!]),
      [normal([1, 5, 4, 4, 2], 1), normal([2, 2, 2, 2, 3], 2)],
    );
  });
});
