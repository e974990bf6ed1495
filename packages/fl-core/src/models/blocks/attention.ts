import * as tf from '@tensorflow/tfjs-core';

/** Added to the score of a padded key: its weight underflows to exactly 0 in float32. */
const masked = -1e9;

/**
 * Multi-head scaled dot-product self-attention (arXiv 1706.03762, 3.2).
 *
 * @param qkv queries, keys and values side by side, (B, T, 3D); D is a multiple of `heads`
 * @param mask 1 for real tokens, 0 for padding, (B, T); null when every token is real
 * @returns (B, T, D), heads joined, before the output projection
 */
export function selfAttention(qkv: tf.Tensor, heads: number, mask: tf.Tensor | null): tf.Tensor {
  const [batch = 0, tokens = 0, width = 0] = qkv.shape;
  const dim = width / 3;
  const headDim = dim / heads;
  // 4-D transposes only: tfjs's wasm backend is slow on 5-D ones.
  const [q, k, v] = tf
    .split(tf.reshape(qkv, [batch * tokens, width]), 3, 1)
    .map((part) => tf.transpose(tf.reshape(part, [batch, tokens, heads, headDim]), [0, 2, 1, 3]));
  if (!q || !k || !v) throw new RangeError('tf.split returned fewer than 3 parts.');

  const scores = tf.matMul(tf.mul(q, 1 / Math.sqrt(headDim)), k, false, true); // (B, H, T, T)
  const visible = mask ? tf.add(scores, keyBias(mask)) : scores;
  const context = tf.matMul(tf.softmax(visible, -1), v); // (B, H, T, D/H)
  return tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [batch, tokens, dim]);
}

/** 0 for real keys, {@link masked} for padding: (B, T) -> (B, 1, 1, T). */
function keyBias(mask: tf.Tensor): tf.Tensor {
  const [batch = 0, tokens = 0] = mask.shape;
  return tf.reshape(tf.mul(tf.sub(1, mask), masked), [batch, 1, 1, tokens]);
}
