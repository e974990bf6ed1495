import { broadcast_util, type TensorInfo } from '@tensorflow/tfjs-core';
import { elements, flagOf, input, rowsOf } from '../attributes.ts';
import { defect } from '../defect.ts';
import { type GpuBackend, type GpuKernel, isSoftware } from './backend.ts';
import { columnSum } from './layer-norm.ts';
import type { Product, Strides } from './mat-mul/matrices.ts';
import { product } from './mat-mul/product.ts';

/** x W + b over the last axis, (..., in) -> (..., out); W is (in, out), or (out, in) in the order `out-in`. */
export const linear: GpuKernel = ({ inputs, attrs, backend }) => {
  const x = input(inputs, 'x');
  const kernel = input(inputs, 'kernel');
  const bias = input(inputs, 'bias');
  const { residual } = inputs;
  const k = x.shape.at(-1) ?? 1;
  const n = elements(bias.shape);
  const m = elements(x.shape.slice(0, -1));
  const out = backend.makeTensorInfo([...x.shape.slice(0, -1), n], 'float32');
  product(backend, {
    label: 'linear',
    a: x,
    aStrides: { row: k, column: 1 },
    b: kernel,
    bStrides: attrs.order === 'out-in' ? { row: 1, column: k } : { row: n, column: 1 },
    bias,
    ...(residual ? { residual } : {}),
    out,
    outStrides: { row: n, column: 1 },
    m,
    n,
    k,
    perSample: 'm',
  });
  return out;
};

/** x (..., in) and dy (..., out) -> the gradients by W, in its order, and by b (out). */
export const linearGradParameters: GpuKernel = ({ inputs, attrs, backend }) => {
  const x = input(inputs, 'x');
  const dy = input(inputs, 'dy');
  const outIn = attrs.order === 'out-in';
  const [left, right] = outIn ? [dy, x] : [x, dy];
  const { rows: k, width: m } = rowsOf(left);
  const { width: n } = rowsOf(right);
  const kernel = backend.makeTensorInfo([m, n], 'float32');
  // Devices in software have no use for shared memory, by which sums come along.
  if (isSoftware(backend)) {
    multiply();
    return [kernel, columnSum(backend, dy)];
  }
  const bias = backend.makeTensorInfo([outIn ? m : n], 'float32');
  multiply({ of: outIn ? 'a' : 'b', out: bias });
  return [kernel, bias];

  function multiply(sums?: NonNullable<Product['sums']>): void {
    product(backend, {
      label: 'gradient by a linear map',
      a: left,
      aStrides: { row: 1, column: m },
      b: right,
      bStrides: { row: n, column: 1 },
      out: kernel,
      outStrides: { row: n, column: 1 },
      ...(sums ? { sums } : {}),
      m,
      n,
      k,
      perSample: 'k',
    });
  }
};

/** tfjs's `BatchMatMul`, a or b of one matrix repeated over the other's batch. */
export const batchMatMul: GpuKernel = ({ inputs, attrs, backend }) => {
  const a = stackOf(floats(backend, input(inputs, 'a')), flagOf(attrs, 'transposeA'));
  const b = stackOf(floats(backend, input(inputs, 'b')), flagOf(attrs, 'transposeB'));
  if (a.columns !== b.rows) {
    throw defect(`Matrices of shapes ${a.info.shape} and ${b.info.shape} cannot be multiplied.`);
  }
  const outer = broadcast_util.assertAndGetBroadcastShape(a.batch, b.batch);
  const batch = elements(outer);
  const counts = [elements(a.batch), elements(b.batch)];
  if (counts.some((c) => c !== 1 && c !== batch)) {
    throw defect(`Batches of shapes ${a.info.shape} and ${b.info.shape} cannot be combined.`);
  }
  const [m, n, k] = [a.rows, b.columns, a.columns];
  const out = backend.makeTensorInfo([...outer, m, n], 'float32');
  product(backend, {
    label: 'product',
    a: a.info,
    aStrides: { ...a.strides, outer: counts[0] === 1 ? 0 : m * k },
    b: b.info,
    bStrides: { ...b.strides, outer: counts[1] === 1 ? 0 : n * k },
    out,
    outStrides: { outer: batch === 1 ? 0 : m * n, row: n, column: 1 },
    outer: batch,
    m,
    n,
    k,
    // What a linear map's gradients are: dY W and X^T dY.
    ...(batch === 1 ? { perSample: flagOf(attrs, 'transposeA') ? 'k' : 'm' } : {}),
  });
  return out;
};

function floats(backend: GpuBackend, info: TensorInfo): TensorInfo {
  const { dtype } = backend.tensorMap.get(info.dataId);
  if (dtype !== 'float32') throw defect(`A matrix product of ${dtype} is not available on WebGPU.`);
  return info;
}

interface Stack {
  readonly info: TensorInfo;
  readonly batch: number[];
  readonly rows: number;
  readonly columns: number;
  readonly strides: Strides;
}

function stackOf(info: TensorInfo, transposed: boolean): Stack {
  const [rows = 1, columns = 1] = info.shape.slice(-2);
  const batch = info.shape.slice(0, -2);
  return transposed
    ? { info, batch, rows: columns, columns: rows, strides: { row: 1, column: columns } }
    : { info, batch, rows, columns, strides: { row: columns, column: 1 } };
}
