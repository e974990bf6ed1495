import * as tf from '@tensorflow/tfjs-core';

/** GELU with the exact Gaussian distribution function (arXiv 1606.08415): x/2 (1 + erf(x / sqrt 2)). */
export function gelu(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
}
