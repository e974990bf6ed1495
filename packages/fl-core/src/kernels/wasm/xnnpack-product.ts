import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { DataId, TensorInfo } from '@tensorflow/tfjs-core';
import { defect } from '../defect.ts';
import { findKernel } from './heap.ts';
import type { Matrices } from './matrices.ts';

/**
 * Stacks of matrices by the C++ kernel of tfjs 4.22, for what threads share: it uses XNNPACK only for two plain
 * matrices, neither transposed; every transposed or batched product, so every gradient, goes through a naive loop
 * (1-2 GFLOP/s). Here operands are transposed first and batches are done one matrix at a time, unless the matrices are
 * so small that the calls would cost more than the loop. `out` is (batch, rows, columns).
 */
export function xnnpackProduct(backend: BackendWasm, left: Matrices, right: Matrices, out: TensorInfo): void {
  const batch = Math.max(left.batch, right.batch);
  const work = left.rows * left.columns * right.columns;
  if (batch > 1 && work < smallestFastProduct) multiply(backend, left, right, out);
  else multiplyFast(backend, left, right, out, batch);
}

/** Multiply-adds below which one call of the naive loop over a batch beats one XNNPACK call a matrix. */
const smallestFastProduct = 32 * 32 * 32;

/** XNNPACK, one matrix of the batch at a time, on operands transposed beforehand. */
function multiplyFast(
  backend: BackendWasm,
  left: Matrices,
  right: Matrices,
  out: TensorInfo,
  batch: number,
): void {
  const plainLeft = untransposed(backend, left);
  const plainRight = untransposed(backend, right);
  try {
    if (batch === 1) {
      multiply(backend, plainLeft, plainRight, out);
      return;
    }
    const product: Matrices = {
      info: out,
      batch,
      rows: left.rows,
      columns: right.columns,
      transposed: false,
    };
    for (let i = 0; i < batch; i++) {
      withSlice(backend, plainLeft, i, (l) =>
        withSlice(backend, plainRight, i, (r) =>
          withSlice(backend, product, i, (o) => multiply(backend, l, r, o.info)),
        ),
      );
    }
  } finally {
    if (plainLeft !== left) backend.disposeData(plainLeft.info.dataId);
    if (plainRight !== right) backend.disposeData(plainRight.info.dataId);
  }
}

function untransposed(backend: BackendWasm, operand: Matrices): Matrices {
  if (!operand.transposed) return operand;
  const x: TensorInfo = { ...operand.info, shape: [operand.batch, operand.columns, operand.rows] };
  const transpose = findKernel('Transpose');
  if (transpose === undefined) throw defect('The wasm backend has no Transpose.');
  const info = transpose.kernelFunc({ inputs: { x }, attrs: { perm: [0, 2, 1] }, backend });
  if (Array.isArray(info)) throw defect('Transpose returned several tensors.');
  return { ...operand, info, transposed: false };
}

/** Lends `use` the i-th matrix of a stack as a tensor over the same memory. */
function withSlice(backend: BackendWasm, stack: Matrices, i: number, use: (slice: Matrices) => void): void {
  if (stack.batch === 1) {
    use(stack);
    return;
  }
  const size = stack.rows * stack.columns;
  const offset = backend.getMemoryOffset(stack.info.dataId) + 4 * size * i;
  const info = backend.makeOutput([1, stack.rows, stack.columns], 'float32', offset);
  try {
    use({ ...stack, info, batch: 1 });
  } finally {
    // Not disposeData: the memory belongs to the stack.
    backend.wasm.tfjs.disposeData(tensorId(backend, info.dataId));
    backend.dataIdMap.delete(info.dataId);
  }
}

type NativeMatMul = (
  a: number,
  aShape: Uint8Array,
  aRank: number,
  b: number,
  bShape: Uint8Array,
  bRank: number,
  transposeA: boolean,
  transposeB: boolean,
  out: number,
) => void;

/** Emscripten's binder is there but not in the module's declared type. */
function canBind(
  module: object,
): module is { cwrap: (name: string, result: null, types: string[]) => NativeMatMul } {
  return 'cwrap' in module && typeof module.cwrap === 'function';
}

const natives = new WeakMap<BackendWasm, NativeMatMul>();

/** The C++ kernel, bound once a backend. */
function nativeMatMul(backend: BackendWasm): NativeMatMul {
  const known = natives.get(backend);
  if (known !== undefined) return known;
  if (!canBind(backend.wasm)) throw defect('The wasm module of tfjs does not export cwrap.');
  const types = ['number', 'array', 'number', 'number', 'array', 'number', 'number', 'number', 'number'];
  const bound = backend.wasm.cwrap('BatchMatMul', null, types);
  natives.set(backend, bound);
  return bound;
}

function multiply(backend: BackendWasm, left: Matrices, right: Matrices, out: TensorInfo): void {
  nativeMatMul(backend)(
    tensorId(backend, left.info.dataId),
    shapeBytes(left),
    3,
    tensorId(backend, right.info.dataId),
    shapeBytes(right),
    3,
    left.transposed,
    right.transposed,
    tensorId(backend, out.dataId),
  );
}

/** The shape as stored, (batch, rows, columns), in the bytes that C++ reads. */
function shapeBytes(operand: Matrices): Uint8Array {
  const { batch, rows, columns, transposed } = operand;
  return new Uint8Array(new Int32Array(transposed ? [batch, columns, rows] : [batch, rows, columns]).buffer);
}

const tensorId = (backend: BackendWasm, dataId: DataId): number => backend.dataIdMap.get(dataId).id;
