import { squaredDistance } from './plain.ts';
import { vectorKernels } from './wasm/kernels.ts';

/**
 * Adds the squared Euclidean distance of rows i and j, i < j, to `sums[i * n + j]`, in float64. May be called once
 * for each block of columns.
 */
export type AddDistances = (rows: readonly Float32Array[], sums: Float64Array) => void;

const columns = 1024;
const pageBytes = 65_536;

/** For `count` rows: WebAssembly SIMD where there is any, else plain JavaScript; the same numbers to the last bit. */
export function createDistances(count: number): AddDistances {
  return createWasmDistances(count) ?? addPlainDistances;
}

export function addPlainDistances(rows: readonly Float32Array[], sums: Float64Array): void {
  for (let k = 0; k < (rows[0]?.length ?? 0); k += columns) {
    const block = rows.map((row) => row.subarray(k, k + columns));
    forEachPair(rows.length, (i, j) => {
      sums[i * rows.length + j]! += squaredDistance(block[i]!, block[j]!);
    });
  }
}

/** Null where WebAssembly with SIMD cannot be had. */
export function createWasmDistances(count: number): AddDistances | null {
  if (typeof WebAssembly === 'undefined') return null;
  const rowBytes = 4 * columns;
  try {
    const memory = new WebAssembly.Memory({ initial: Math.ceil((rowBytes * count) / pageBytes) });
    const kernels = vectorKernels(memory);
    const stage = new Float32Array(memory.buffer, 0, columns * count);
    return (rows, sums) => {
      const length = rows[0]?.length ?? 0;
      const full = length - (length % columns);
      for (let k = 0; k < full; k += columns) {
        for (let i = 0; i < count; i++) stage.set(rows[i]!.subarray(k, k + columns), columns * i);
        forEachPair(count, (i, j) => {
          const distance = kernels.squaredDistance(rowBytes * i, rowBytes * (i + 1), rowBytes * j);
          sums[i * count + j]! += distance;
        });
      }
      addPlainDistances(
        rows.map((row) => row.subarray(full)),
        sums,
      );
    };
  } catch (error) {
    if (error instanceof WebAssembly.CompileError || error instanceof RangeError) return null;
    throw error;
  }
}

function forEachPair(count: number, visit: (i: number, j: number) => void): void {
  for (let i = 0; i < count; i++) for (let j = i + 1; j < count; j++) visit(i, j);
}
