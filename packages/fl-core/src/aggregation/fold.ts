/**
 * Weighted sum of float32 vectors in float64 (R7). Callers add in client-id order, so that the same updates give
 * the same bytes; the sum is divided by nothing, weights are those of {@link layerWeights}.
 */
export interface Fold {
  /**
   * `sum[offset + k] += weight * values[k]`. Throws RangeError when `values` does not fit.
   */
  add(weight: number, values: Float32Array, offset: number): void;
  /** Of the length the fold was made with; live, not a copy. */
  readonly sum: Float64Array;
}

/** A fold over `elements` numbers, all zero at first. Memory: 8 bytes an element. */
export function createFold(elements: number): Fold {
  const sum = new Float64Array(elements);
  return {
    sum,
    add(weight, values, offset) {
      checkRange(offset, values.length, elements);
      for (let k = 0; k < values.length; k++) sum[offset + k]! += weight * values[k]!;
    },
  };
}

export function checkRange(offset: number, length: number, elements: number): void {
  if (Number.isInteger(offset) && offset >= 0 && offset + length <= elements) return;
  throw new RangeError(`${length} values at ${offset} do not fit into a fold over ${elements} elements.`);
}
