import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Code, Parameters } from '../code.ts';
import { float } from '../wgsl.ts';

/**
 * Where the matrices of an operand lie in its buffer, in elements: matrix (i, j) of a batch of `outer` x `inner`
 * starts at base + i outer + j inner. Transposition and the heads of attention are strides, never copies.
 */
export interface Strides {
  readonly base?: number;
  readonly outer?: number;
  readonly inner?: number;
  readonly row: number;
  readonly column: number;
}

/** What the code of a product is made of. */
export interface Sizes {
  readonly aStrides: Strides;
  readonly bStrides: Strides;
  readonly outStrides: Strides;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly inner?: number;
  /**
   * The size of a single product that follows the number of samples: read from the buffers' lengths, so that a smaller
   * batch needs no other pipeline.
   */
  readonly perSample?: 'm' | 'k';
  readonly factor?: number;
}

export interface Product extends Sizes {
  readonly label: string;
  /** (M, K) */
  readonly a: TensorInfo;
  /** (K, N) */
  readonly b: TensorInfo;
  /** (M, N) */
  readonly out: TensorInfo;
  readonly outer?: number;
  /** Added to every row, (N). */
  readonly bias?: TensorInfo;
  /** Added to the result, in its strides. */
  readonly residual?: TensorInfo;
  /** Gets the sums over K of an operand whose sides lie side by side in memory: of a's columns (M), or b's rows (N). */
  readonly sums?: { readonly of: 'a' | 'b'; readonly out: TensorInfo };
}

/** The same with all that code may look at: what else is bound, and no size that it reads at run time. */
export interface CodeSizes extends Sizes, Parameters {
  readonly biased: boolean;
  readonly residual: boolean;
  readonly sums: 'a' | 'b' | null;
}

export function codeSizes(p: Product): CodeSizes {
  const { aStrides, bStrides, outStrides, n, inner = 1, perSample, factor = 1 } = p;
  const m = perSample === 'm' ? 0 : p.m;
  const k = perSample === 'k' ? 0 : p.k;
  const others = {
    biased: p.bias !== undefined,
    residual: p.residual !== undefined,
    sums: p.sums?.of ?? null,
  };
  const sizes = { aStrides, bStrides, outStrides, m, n, k, inner, factor, ...others };
  return perSample === undefined ? sizes : { ...sizes, perSample };
}

/** A way to compute a product: the part of the result that one workgroup computes, and its code. */
export interface Tile {
  readonly rows: number;
  readonly columns: number;
  readonly code: Code;
  /** Operands that the code reads four elements at a time. */
  readonly vectors: { readonly a: boolean; readonly b: boolean };
}

export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Index of element (row, column) of the current matrix, as WGSL. */
export const at = ({ row, column }: Strides, start: string, r: string, c: string): string =>
  `${start} + (${r}) * ${row}u + (${c}) * ${column}u`;

/** The sizes as WGSL constants, or as what the lengths of the buffers say. */
export const sizes = ({ m, n, k, perSample }: Sizes, aIsVectors = false): string => `
  let m = ${perSample === 'm' ? `arrayLength(&c) / ${n}u` : `${m}u`};
  let n = ${n}u;
  let k = ${perSample === 'k' ? `${aIsVectors ? 4 : 1}u * arrayLength(&a) / ${m}u` : `${k}u`};`;

export const starts = ({ aStrides, bStrides, outStrides, inner = 1 }: Sizes): string => {
  const start = ({ base = 0, outer = 0, inner: step = 0 }: Strides) =>
    `${base}u + (z / ${inner}u) * ${outer}u + (z % ${inner}u) * ${step}u`;
  return `
  let a0 = ${start(aStrides)};
  let b0 = ${start(bStrides)};
  let c0 = ${start(outStrides)};`;
};

/** Stores element (row, column) of the result, whose sum over K is `sum`. */
export function store(p: CodeSizes, sum: string, row: string, column: string): string {
  const { biased, residual, factor = 1, outStrides } = p;
  const scaled = factor === 1 ? sum : `${float(factor)} * ${sum}`;
  const value = `${scaled}${biased ? ` + bias[${column}]` : ''}`;
  const index = at(outStrides, 'c0', row, column);
  return residual ? `{ let o = ${index}; c[o] = residual[o] + (${value}); }` : `c[${index}] = ${value};`;
}
