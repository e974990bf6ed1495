import {
  concat1d,
  getBackend,
  reshape,
  square,
  sum,
  type Tensor,
  type Tensor1D,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';

/**
 * Terms that are added one after another in float32. Backends but WebGPU add all of a row so, which at 7 million terms
 * of one sign lost 1.4 %; a workgroup there halves its row instead.
 */
const rowOf = () => (getBackend() === 'webgpu' ? 4096 : 64);

/** Sum of all values of all tensors, scalar, as exact at any size as float32 is at a few terms: rows, then rows of sums. */
export function sumOfAll(tensors: readonly Tensor[]): Tensor {
  const row = rowOf();
  return tidy(() => {
    let values = tensors.map((t) => reshape(t, [t.size]) as Tensor1D);
    let count = values.reduce((n, t) => n + t.size, 0);
    while (count > row) {
      const missing = -count % row;
      const whole = missing === 0 ? values : [...values, zeros([row + missing]) as Tensor1D];
      const flat = whole.length === 1 ? whole[0]! : concat1d(whole);
      const sums = sum<Tensor1D>(reshape(flat, [-1, row]), 1);
      values = [sums];
      count = sums.size;
    }
    return sum(values.length === 1 ? values[0]! : concat1d(values));
  });
}

/** Of all tensors together. */
export const squaredNorm = (tensors: readonly Tensor[]): Tensor =>
  tidy(() => sumOfAll(tensors.map((t) => square(t))));
