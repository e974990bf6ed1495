import { random } from '@strata/fl-core/random';
import { dispose, matMul, type Tensor2D, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { deviceMs } from './repeat.ts';
import { type Size, sizeOf } from './size.ts';
import { fillUniform } from './weights.ts';

/** (M, K) times (K, N); an operand that is transposed lies the other way round in memory. */
export interface Product {
  readonly name: string;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

const square = (side: number): Product => ({
  name: `square ${side}`,
  m: side,
  n: side,
  k: side,
  transposeA: false,
  transposeB: false,
});

/** A linear map as PyTorch stores it, (out, in): the map and its two gradients. */
const linear = (name: string, rows: number, inputs: number, outputs: number): Product[] => [
  { name, m: rows, n: outputs, k: inputs, transposeA: false, transposeB: true },
  { name: `${name}, by input`, m: rows, n: inputs, k: outputs, transposeA: false, transposeB: false },
  { name: `${name}, by kernel`, m: outputs, n: inputs, k: rows, transposeA: true, transposeB: false },
];

/** Squares, and the linear maps of ViT-B/32 on 32 pictures of 50 tokens. */
export const products = (size: Size): Product[] =>
  sizeOf(size, {
    card: [
      ...[512, 1024, 2048, 4096].map(square),
      ...linear('qkv', 1600, 768, 2304),
      ...linear('projection', 1600, 768, 768),
      ...linear('fc1', 1600, 768, 3072),
      ...linear('fc2', 1600, 3072, 768),
    ],
    small: [square(64), ...linear('qkv', 68, 64, 192)],
  });

export interface ProductFigures {
  readonly ms: number;
  readonly gflops: number;
  /** The largest error of some elements beside float64, in parts of sqrt(K) times the operands' deviations. */
  readonly error: number;
}

/** Our product through tfjs's `matMul`, which is what layers and their gradients call. */
export async function measureProduct(p: Product, targetMs: number): Promise<ProductFigures> {
  const left = operand('left', p.m, p.k);
  const right = operand('right', p.k, p.n);
  const a = tensor2d(p.transposeA ? flipped(left, p.m, p.k) : left, p.transposeA ? [p.k, p.m] : [p.m, p.k]);
  const b = tensor2d(p.transposeB ? flipped(right, p.k, p.n) : right, p.transposeB ? [p.n, p.k] : [p.k, p.n]);
  const run = () => matMul(a, b, p.transposeA, p.transposeB);
  try {
    const out = tidy(() => run() as Tensor2D);
    const values = await out.data<'float32'>();
    dispose(out);
    const ms = await deviceMs(() => run(), targetMs);
    return { ms, gflops: (2 * p.m * p.n * p.k) / ms / 1e6, error: errorOf(p, left, right, values) };
  } finally {
    dispose([a, b]);
  }
}

function operand(name: string, rows: number, columns: number): Float32Array {
  const values = new Float32Array(rows * columns);
  fillUniform(values, 1, random('bench-product', name, rows, columns));
  return values;
}

function flipped(values: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) out[c * rows + r] = values[r * columns + c]!;
  return out;
}

/** Corners and drawn places: a tile that is wrong is wrong at its edges. */
function errorOf({ m, n, k }: Product, left: Float32Array, right: Float32Array, out: Float32Array): number {
  const draws = random('bench-product', 'places', m, n);
  const places = Array.from({ length: 200 }, () => [draws.below(m), draws.below(n)] as const);
  places.push([0, 0], [m - 1, n - 1], [0, n - 1], [m - 1, 0]);
  return places.reduce((worst, [row, column]) => {
    let sum = 0;
    for (let i = 0; i < k; i++) sum += left[row * k + i]! * right[i * n + column]!;
    // NaN must not be lost in the maximum.
    const error = Math.abs(out[row * n + column]! - sum) / Math.sqrt(k);
    return error <= worst ? worst : error;
  }, 0);
}
