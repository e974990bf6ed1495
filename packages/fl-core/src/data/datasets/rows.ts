/** The values at `indices`. */
export const gather = <T>(values: readonly T[], indices: readonly number[]): T[] =>
  indices.map((i) => values[i]!);

export const gatherLabels = (labels: Int32Array, indices: readonly number[]): Int32Array =>
  Int32Array.from(indices, (i) => labels[i]!);

/** Rows of `stride` bytes at `indices`: (indices.length, stride). */
export function gatherRows(rows: Uint8Array, stride: number, indices: readonly number[]): Uint8Array {
  const out = new Uint8Array(indices.length * stride);
  indices.forEach((source, row) => {
    out.set(rows.subarray(source * stride, (source + 1) * stride), row * stride);
  });
  return out;
}

/**
 * Rows of different length side by side, (indices.length, length).
 * @param skip values that each row begins later.
 */
export function padRows(
  of: readonly (Int32Array | Uint8Array)[],
  indices: readonly number[],
  length: number,
  { skip = 0, padding = 0 } = {},
): Int32Array {
  const out = new Int32Array(indices.length * length).fill(padding);
  indices.forEach((i, row) => {
    out.set(of[i]!.subarray(skip), row * length);
  });
  return out;
}
