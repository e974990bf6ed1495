import { addScaled } from './plain.ts';
import { stride, vectorKernels } from './wasm/kernels.ts';

/**
 * Weighted sum of float32 vectors in float64 (R7). Callers add in client-id order ({@link inClientOrder}), so that
 * the same updates give the same bytes; the weights are those of {@link layerWeights}, so that the sum is the mean.
 */
export interface Fold {
  /** `sum[offset + k] += weight * values[k]`. Throws RangeError when `values` does not fit. */
  add(weight: number, values: Float32Array, offset: number): void;
  /** Of the length the fold was made with; live, not a copy. */
  readonly sum: Float64Array;
}

/** Floats copied into WebAssembly's memory at once: small enough to be in the cache when they are read again. */
const staged = 8192;
const sumAt = 4 * staged;
const pageBytes = 65_536;

/**
 * A fold over `elements` numbers, all zero at first; 8 bytes an element. In WebAssembly SIMD where there is any,
 * otherwise in plain JavaScript with the same bytes as its result.
 */
export function createFold(elements: number): Fold {
  return createWasmFold(elements) ?? createPlainFold(elements);
}

/** Null where WebAssembly with SIMD, or that much of its memory, cannot be had. */
export function createWasmFold(elements: number): Fold | null {
  if (typeof WebAssembly === 'undefined') return null;
  try {
    const memory = new WebAssembly.Memory({ initial: Math.ceil((sumAt + 8 * elements) / pageBytes) });
    const { addScaled: addStaged } = vectorKernels(memory);
    const stage = new Float32Array(memory.buffer, 0, staged);
    const sum = new Float64Array(memory.buffer, sumAt, elements);
    return {
      sum,
      add(weight, values, offset) {
        checkRange(offset, values.length, elements);
        const full = values.length - (values.length % stride);
        for (let k = 0; k < full; k += staged) {
          const chunk = values.subarray(k, Math.min(k + staged, full));
          stage.set(chunk);
          addStaged(0, chunk.byteLength, sumAt + 8 * (offset + k), weight);
        }
        addScaled(sum, offset + full, weight, values.subarray(full));
      },
    };
  } catch (error) {
    if (error instanceof WebAssembly.CompileError || error instanceof RangeError) return null;
    throw error;
  }
}

export function createPlainFold(elements: number): Fold {
  const sum = new Float64Array(elements);
  return {
    sum,
    add(weight, values, offset) {
      checkRange(offset, values.length, elements);
      addScaled(sum, offset, weight, values);
    },
  };
}

function checkRange(offset: number, length: number, elements: number): void {
  if (Number.isInteger(offset) && offset >= 0 && offset + length <= elements) return;
  throw new RangeError(`${length} values at ${offset} do not fit into a fold over ${elements} elements.`);
}
