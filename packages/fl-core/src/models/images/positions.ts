import * as tf from '@tensorflow/tfjs-core';

/**
 * Position embeddings for other grids than the pretrained one, as Hugging Face's ViT `interpolate_pos_encoding`:
 * bicubic with PyTorch's conventions (a = -0.75, align_corners = false, edges repeated, no antialiasing).
 * Interpolation is linear in the embeddings, so it is one constant matrix and its gradient is exact.
 */

/** Weight of a sample at distance |t| (Keys 1981, a = -0.75). */
function cubic(t: number): number {
  const a = -0.75;
  const d = Math.abs(t);
  if (d <= 1) return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
  if (d < 2) return a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a;
  return 0;
}

/** Rows of weights for one axis, row-major (`to`, `from`). */
export function cubicWeights(from: number, to: number): Float64Array {
  const weights = new Float64Array(to * from);
  for (let row = 0; row < to; row++) {
    const source = ((row + 0.5) * from) / to - 0.5;
    const first = Math.floor(source) - 1;
    for (let tap = first; tap < first + 4; tap++) {
      const column = Math.min(from - 1, Math.max(0, tap));
      weights[row * from + column]! += cubic(source - tap);
    }
  }
  return weights;
}

/** Maps a flattened square grid to another: row-major (`to` * `to`, `from` * `from`). */
function gridInterpolation(from: number, to: number): Float32Array {
  const axis = cubicWeights(from, to);
  const matrix = new Float32Array(to ** 2 * from ** 2);
  let at = 0;
  for (let y = 0; y < to; y++) {
    for (let x = 0; x < to; x++) {
      for (let v = 0; v < from; v++) {
        for (let u = 0; u < from; u++) matrix[at++] = axis[y * from + v]! * axis[x * from + u]!;
      }
    }
  }
  return matrix;
}

/**
 * Position embeddings as a function of the pretrained ones, for images whose grid has `to` patches a side:
 * (n + from * from, D), the first n of tokens that are no patches, -> (1, n + to * to, D).
 */
export function positionResizer(from: number, to: number): (pretrained: tf.Tensor) => tf.Tensor {
  const matrix = from === to ? null : gridInterpolation(from, to);
  return (pretrained) => {
    const dim = pretrained.shape[pretrained.rank - 1] ?? 0;
    const tokens = pretrained.size / dim - from * from;
    if (!matrix) return tf.reshape(pretrained, [1, tokens + from * from, dim]);
    const all = tf.reshape(pretrained, [tokens + from * from, dim]);
    const first = tf.slice(all, [0, 0], [tokens, dim]);
    const grid = tf.slice(all, [tokens, 0], [from * from, dim]);
    const resized = tf.matMul(tf.tensor2d(matrix, [to * to, from * from]), grid); // (to*to, D)
    return tf.reshape(tf.concat([first, resized], 0), [1, tokens + to * to, dim]);
  };
}
