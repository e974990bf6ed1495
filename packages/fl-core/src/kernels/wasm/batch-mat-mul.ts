import { type BackendWasm, getThreadsCount } from '@tensorflow/tfjs-backend-wasm';
import { broadcast_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { flagOf, input } from '../attributes.ts';
import { defect } from '../defect.ts';
import type { WasmKernel } from './heap.ts';
import { type Matrices, matrices } from './matrices.ts';
import { simd } from './simd/module.ts';
import { xnnpackProduct } from './xnnpack-product.ts';

/** Matrix product on the wasm backend, transposed or not, of stacks of matrices. */
export const batchMatMul: WasmKernel = ({ inputs, attrs, backend }) => {
  const a = input(inputs, 'a'); // (..., M, K), or (..., K, M) when transposed
  const b = input(inputs, 'b'); // (..., K, N), or (..., N, K) when transposed
  if (a.dtype !== 'float32' || b.dtype !== 'float32') {
    throw defect(`A matrix product of ${a.dtype} and ${b.dtype} is not available on wasm.`);
  }
  const left = matrices(a, flagOf(attrs, 'transposeA'));
  const right = matrices(b, flagOf(attrs, 'transposeB'));
  if (left.columns !== right.rows) {
    throw defect(`Matrices of shapes ${a.shape} and ${b.shape} cannot be multiplied.`);
  }
  const outer = broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const batch = Math.max(left.batch, right.batch);
  if (util.sizeFromShape(outer) !== batch) {
    throw defect(`Batches of shapes ${a.shape} and ${b.shape} cannot be combined on wasm.`);
  }
  const out = backend.makeOutput([batch, left.rows, right.columns], 'float32');
  if (batch * left.rows * left.columns * right.columns > 0) {
    if (sharesProducts()) xnnpackProduct(backend, left, right, out);
    else simdProduct(backend, left, right, out);
  }
  return { ...out, shape: [...outer, left.rows, right.columns] };
};

/**
 * Whether products go to tfjs's own kernel, which runs them on all of its threads: ours run on one, 1.3 to 2 times as
 * fast as one of those.
 */
export const sharesProducts = (): boolean => getThreadsCount() > 2;

/** Our own kernel, one matrix of the batch after the other; a stack of one is repeated. */
function simdProduct(backend: BackendWasm, left: Matrices, right: Matrices, out: TensorInfo): void {
  const native = simd(backend);
  const [m, k, n] = [left.rows, left.columns, right.columns];
  const operand = ({ info, batch, rows, columns, transposed }: Matrices, i: number) => ({
    at: native.address(info) + (batch === 1 ? 0 : 4 * i * rows * columns),
    row: transposed ? 4 : 4 * columns,
    column: transposed ? 4 * rows : 4,
  });
  const c = native.address(out);
  for (let i = 0; i < Math.max(left.batch, right.batch); i++) {
    native.multiply({
      a: operand(left, i),
      b: operand(right, i),
      c: c + 4 * i * m * n,
      row: 4 * n,
      m,
      n,
      k,
    });
  }
}
