import * as tf from '@tensorflow/tfjs-core';
import { ownKernel } from './own-kernel.ts';

/** How a kernel is stored: `in-out` as in TensorFlow, `out-in` as in PyTorch. */
export type KernelOrder = 'in-out' | 'out-in';

/**
 * x W + b over the last axis: (..., in) -> (..., out).
 * Always one 2-D product: tfjs's gradient of [B,T,D] x [D,K] is wrong, and fused products compute the kernel's
 * gradient even when nobody asks for it.
 */
export function linear(x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor, order: KernelOrder): tf.Tensor {
  const own = ownKernel('StrataLinear', { x, kernel, bias }, { order });
  if (own !== null) return own;
  const inputs = x.shape[x.rank - 1] ?? 1;
  const rows = x.rank === 2 ? x : tf.reshape(x, [-1, inputs]); // (N, in)
  const y = tf.add(tf.matMul(rows, kernel, false, order === 'out-in'), bias); // (N, out)
  return x.rank === 2 ? y : tf.reshape(y, [...x.shape.slice(0, -1), bias.size]);
}

/** A residual connection around a linear map: residual + x W + b, in one kernel where the backend has it. */
export const linearOnto = (
  residual: tf.Tensor,
  x: tf.Tensor,
  kernel: tf.Tensor,
  bias: tf.Tensor,
  order: KernelOrder,
): tf.Tensor =>
  ownKernel('StrataLinearOnto', { x, kernel, bias, residual }, { order }) ??
  tf.add(residual, linear(x, kernel, bias, order));
