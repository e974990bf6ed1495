/** Sums without any rounding, as the oracle of the folds: every double is an integer times 2^-1074. */

const bits = new DataView(new ArrayBuffer(8));

/** value * 2^1074, an integer. */
function scaled(value: number): bigint {
  bits.setFloat64(0, value);
  const word = bits.getBigUint64(0);
  const exponent = (word >> 52n) & 0x7ffn;
  const fraction = word & 0xfffffffffffffn;
  const magnitude = exponent === 0n ? fraction : (fraction | 0x10000000000000n) << (exponent - 1n);
  return word >> 63n === 1n ? -magnitude : magnitude;
}

/** Error of `sum` as the value of `sum_i weights[i] * values[i]`, relative to `sum_i |weights[i] * values[i]|`. */
export function relativeError(sum: number, weights: readonly number[], values: readonly number[]): number {
  let exact = 0n;
  let size = 0n;
  weights.forEach((w, i) => {
    const product = scaled(w) * scaled(values[i]!);
    exact += product;
    size += product < 0n ? -product : product;
  });
  if (size === 0n) return sum === 0 ? 0 : Number.POSITIVE_INFINITY;
  const error = scaled(sum) * scaled(1) - exact;
  return Number(((error < 0n ? -error : error) * (1n << 100n)) / size) / 2 ** 100;
}
