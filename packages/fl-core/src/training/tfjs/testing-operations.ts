import * as tf from '@tensorflow/tfjs-core';
import { attention, selfAttention } from '../../models/blocks/attention.ts';
import { dropout } from '../../models/blocks/dropout.ts';
import { embedding } from '../../models/blocks/embedding.ts';
import { gelu, geluTanh } from '../../models/blocks/gelu.ts';
import { layerNorm } from '../../models/blocks/layer-norm.ts';
import { linear, linearOnto } from '../../models/blocks/linear.ts';
import { classTargets } from '../../models/targets.ts';
import { lossOf } from './objectives/index.ts';

/** A differentiable function of standard normal inputs of the given shapes. */
export interface Operation {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  readonly f: (...inputs: tf.Tensor[]) => tf.Tensor;
}

/** 1 for real tokens of two texts of five. */
const padding = [1, 1, 1, 0, 0, 1, 1, 1, 1, 0];
const mask = () => tf.tensor2d(padding, [2, 5]);

/**
 * Every operation that has a fused kernel, and a small convolutional network, at one size each: what a backend of a
 * browser must compute, and differentiate, as the cpu backend does. The kernels' own tests try more sizes.
 */
export const operations: readonly Operation[] = [
  {
    name: 'layer norm',
    shapes: [[2, 5, 18], [18], [18]],
    f: (x, gain, bias) => layerNorm(x!, gain!, bias!, 1e-6),
  },
  { name: 'GELU', shapes: [[3, 33]], f: (x) => gelu(tf.mul(x!, 2)) },
  { name: 'GELU by tanh', shapes: [[3, 33]], f: (x) => geluTanh(tf.mul(x!, 2)) },
  {
    name: 'self-attention',
    shapes: [[2, 37, 36]],
    f: (qkv) => selfAttention(qkv!, { heads: 3, mask: null, causal: false }),
  },
  {
    name: 'self-attention, padded',
    shapes: [[2, 5, 18]],
    f: (qkv) => selfAttention(qkv!, { heads: 2, mask: mask(), causal: false }),
  },
  {
    name: 'self-attention, causal and padded',
    shapes: [[2, 5, 18]],
    f: (qkv) => selfAttention(qkv!, { heads: 2, mask: mask(), causal: true }),
  },
  {
    name: 'attention, causal',
    shapes: [
      [2, 5, 6],
      [2, 5, 6],
      [2, 5, 6],
    ],
    f: (q, k, v) => attention(q!, k!, v!, { heads: 2, mask: null, causal: true }),
  },
  {
    name: 'linear, in-out',
    shapes: [[2, 17, 33], [33, 70], [70]],
    f: (x, kernel, bias) => linear(x!, kernel!, bias!, 'in-out'),
  },
  {
    name: 'linear, out-in',
    shapes: [[2, 17, 33], [70, 33], [70]],
    f: (x, kernel, bias) => linear(x!, kernel!, bias!, 'out-in'),
  },
  {
    name: 'linear onto a residual',
    shapes: [[2, 17, 33], [70, 33], [70], [2, 17, 70]],
    f: (x, kernel, bias, residual) => linearOnto(residual!, x!, kernel!, bias!, 'out-in'),
  },
  {
    name: 'embedding',
    shapes: [[5, 7]],
    f: (table) => embedding(table!, tf.tensor2d([3, 0, 3, 4, 3, 0], [2, 3], 'int32')),
  },
  {
    name: 'cross-entropy',
    shapes: [[3, 5]],
    f: (logits) => lossOf(logits!, classTargets(Int32Array.of(0, 4, 2))),
  },
  {
    name: 'cross-entropy of next tokens',
    shapes: [[2, 3, 5]],
    f: (logits) =>
      lossOf(logits!, { kind: 'next-tokens', length: 3, ids: Int32Array.of(1, -1, 4, 0, 3, -1) }),
  },
  {
    // Of few elements: finite differences of a mean over many are mostly rounding.
    name: 'binary cross-entropy',
    shapes: [[1, 3]],
    f: (logits) => lossOf(logits!, { kind: 'label-sets', classes: 3, flags: Uint8Array.of(1, 0, 1) }),
  },
  { name: 'dropout', shapes: [[3, 50]], f: (x) => dropout(x!, 0.3, 12345) },
  {
    name: 'CNN',
    shapes: [[2, 8, 8, 3], [3, 3, 3, 4], [4], [4], [64, 5], [5]],
    f: (images, filters, gain, offset, kernel, bias) =>
      convolutionalNetwork(images!, { filters, gain, offset, kernel, bias }),
  },
];

/** Images (B, 8, 8, 3) -> logits (B, C): convolution, batch norm with fixed statistics, ReLU, max pooling, dense. */
function convolutionalNetwork(
  images: tf.Tensor,
  p: Readonly<Record<'filters' | 'gain' | 'offset' | 'kernel' | 'bias', tf.Tensor | undefined>>,
): tf.Tensor {
  const x = tf.conv2d(images as tf.Tensor4D, p.filters as tf.Tensor4D, 1, 'same'); // (B, 8, 8, 4)
  const mean = tf.tensor1d([0.5, -0.5, 0.2, 0]);
  const variance = tf.tensor1d([20, 30, 25, 15]);
  const normed = tf.batchNorm(x, mean, variance, p.offset as tf.Tensor1D, p.gain as tf.Tensor1D, 1e-3);
  const pooled = tf.maxPool(tf.relu(normed), 2, 2, 'valid'); // (B, 4, 4, 4)
  return linear(tf.reshape(pooled, [images.shape[0]!, 64]), p.kernel!, p.bias!, 'in-out');
}
