import type { TensorInfo } from '@tensorflow/tfjs-core';
import { float } from '../wgsl.ts';

/**
 * Where the matrices of an operand lie in its buffer, in elements: matrix (i, j) of a batch of `outer` x `inner`
 * starts at base + i outer + j inner. Transposition and the heads of attention are strides, never copies.
 */
export interface Layout {
  readonly base?: number;
  readonly outer?: number;
  readonly inner?: number;
  readonly row: number;
  readonly column: number;
}

export interface Product {
  readonly label: string;
  /** (M, K) */
  readonly a: TensorInfo;
  readonly aLayout: Layout;
  /** (K, N) */
  readonly b: TensorInfo;
  readonly bLayout: Layout;
  /** (M, N) */
  readonly out: TensorInfo;
  readonly outLayout: Layout;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly outer?: number;
  readonly inner?: number;
  /**
   * The size of a single product that follows the number of samples: read from the buffers' lengths, so that a smaller
   * batch needs no other pipeline.
   */
  readonly perSample?: 'm' | 'k';
  /** Added to every row, (N). */
  readonly bias?: TensorInfo;
  readonly factor?: number;
}

/** A way to compute a product: the part of the result that one workgroup computes, and its code. */
export interface Tile {
  readonly rows: number;
  readonly columns: number;
  readonly code: string;
  /** Operands that the code reads four elements at a time. */
  readonly vectors: { readonly a: boolean; readonly b: boolean };
}

export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Index of element (row, column) of the current matrix, as WGSL. */
export const at = ({ row, column }: Layout, start: string, r: string, c: string): string =>
  `${start} + (${r}) * ${row}u + (${c}) * ${column}u`;

/** The sizes as WGSL constants, or as what the lengths of the buffers say. */
export const sizes = ({ m, n, k, perSample }: Product, aIsVectors = false): string => `
  let m = ${perSample === 'm' ? `arrayLength(&c) / ${n}u` : `${m}u`};
  let n = ${n}u;
  let k = ${perSample === 'k' ? `${aIsVectors ? 4 : 1}u * arrayLength(&a) / ${m}u` : `${k}u`};`;

export const starts = ({ aLayout, bLayout, outLayout, inner = 1 }: Product): string => {
  const start = ({ base = 0, outer = 0, inner: step = 0 }: Layout) =>
    `${base}u + (z / ${inner}u) * ${outer}u + (z % ${inner}u) * ${step}u`;
  return `
  let a0 = ${start(aLayout)};
  let b0 = ${start(bLayout)};
  let c0 = ${start(outLayout)};`;
};

export const result = ({ bias, factor = 1 }: Product, sum: string, column: string): string =>
  `${factor === 1 ? sum : `${float(factor)} * ${sum}`}${bias ? ` + bias[${column}]` : ''}`;
