import { rankMean } from './plain.ts';
import { rankKernel, rankStride } from './wasm/kernels.ts';

/** For every column of the rows, the mean of the values of the ranks asked for; `out` is as long as the rows. */
export type RankMean = (rows: readonly Float32Array[], out: Float64Array) => void;

/** Rows beyond which a network no longer pays: its code grows with n log(n)^2. */
const mostInNetwork = 128;
const columns = 1024;
const pageBytes = 65_536;

/**
 * Mean over the ranks `from` to `to` (inclusive, 0 the smallest) of `count` rows: a sorting network in WebAssembly
 * SIMD for up to 128 rows, else plain JavaScript; the same numbers to the last bit.
 */
export function createRankMean(count: number, from: number, to: number): RankMean {
  const inNetwork = count <= mostInNetwork ? createNetworkMean(count, from, to) : null;
  return inNetwork ?? ((rows, out) => rankMean(rows, from, to, out));
}

/** Null where WebAssembly with SIMD cannot be had. */
export function createNetworkMean(count: number, from: number, to: number): RankMean | null {
  if (typeof WebAssembly === 'undefined') return null;
  const outAt = 4 * columns * count;
  try {
    const memory = new WebAssembly.Memory({ initial: Math.ceil((outAt + 8 * columns) / pageBytes) });
    const kernel = rankKernel(memory, { count, from, to, rowBytes: 4 * columns });
    const stage = new Float32Array(memory.buffer, 0, columns * count);
    const result = new Float64Array(memory.buffer, outAt, columns);
    return (rows, out) => {
      for (let k = 0; k < out.length; k += columns) {
        const length = Math.min(columns, out.length - k);
        for (let i = 0; i < count; i++) stage.set(rows[i]!.subarray(k, k + length), columns * i);
        // the last vector may run over columns of an earlier piece, whose results are not read
        kernel(0, 4 * rankStride * Math.ceil(length / rankStride), outAt);
        out.set(result.subarray(0, length), k);
      }
    };
  } catch (error) {
    if (error instanceof WebAssembly.CompileError || error instanceof RangeError) return null;
    throw error;
  }
}
