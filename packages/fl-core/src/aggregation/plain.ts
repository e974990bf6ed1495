import { stride } from './wasm/kernels.ts';

/** The kernels of wasm/kernels.ts in plain JavaScript: the same numbers to the last bit, for any length. */

/** `sum[offset + k] += weight * values[k]`. */
export function addScaled(sum: Float64Array, offset: number, weight: number, values: Float32Array): void {
  for (let k = 0; k < values.length; k++) sum[offset + k]! += weight * values[k]!;
}

/**
 * Squared Euclidean distance of two vectors of equal length, in float64: `stride` running sums over the columns
 * k mod stride, paired as the vector lanes are. The tail beyond the last full stride is added one by one.
 */
export function squaredDistance(x: Float32Array, y: Float32Array): number {
  const sums = new Float64Array(stride);
  const full = x.length - (x.length % stride);
  for (let k = 0; k < full; k += stride) {
    for (let s = 0; s < stride; s++) {
      const d = x[k + s]! - y[k + s]!;
      sums[s]! += d * d;
    }
  }
  let even = sums[0]!;
  let odd = sums[1]!;
  for (let s = 2; s < stride; s += 2) {
    even += sums[s]!;
    odd += sums[s + 1]!;
  }
  let total = even + odd;
  for (let k = full; k < x.length; k++) total += (x[k]! - y[k]!) ** 2;
  return total;
}

/** For every column, the mean of the values of rank `from` to `to` (inclusive) over the rows, in float64. */
export function rankMean(rows: readonly Float32Array[], from: number, to: number, out: Float64Array): void {
  const column = new Float32Array(rows.length);
  for (let k = 0; k < out.length; k++) {
    for (let i = 0; i < rows.length; i++) column[i] = rows[i]![k]!;
    column.sort();
    let sum = 0;
    for (let r = from; r <= to; r++) sum += column[r]!;
    out[k] = sum / (to - from + 1);
  }
}
