import type { Product, Strides } from '@strata/fl-core/kernels/products';
import type { TensorInfo } from '@tensorflow/tfjs-core';

/** Nothing of a tensor but its place in the code is looked at. */
const nowhere: TensorInfo = { dataId: {}, shape: [], dtype: 'float32' };
const places = { a: nowhere, b: nowhere, out: nowhere };

/** A product and the elements of its operands and of its result. */
export interface Case {
  readonly product: Product;
  readonly elements: readonly [number, number, number];
}

const rowMajor = (columns: number): Strides => ({ row: columns, column: 1 });
const columnMajor = (rows: number): Strides => ({ row: 1, column: rows });

/** A linear map as PyTorch stores it, and its gradients. */
function linear(label: string, rows: number, inputs: number, outputs: number): Case[] {
  const [x, w, y] = [rows * inputs, inputs * outputs, rows * outputs];
  const of = (
    name: string,
    product: Omit<Product, 'label' | 'a' | 'b' | 'out'>,
    elements: Case['elements'],
  ) => ({
    product: { ...places, label: `${label}${name}`, ...product },
    elements,
  });
  const [xs, ys] = [rowMajor(inputs), rowMajor(outputs)];
  return [
    of(
      '',
      {
        m: rows,
        n: outputs,
        k: inputs,
        aStrides: xs,
        bStrides: columnMajor(inputs),
        outStrides: ys,
        perSample: 'm',
      },
      [x, w, y],
    ),
    of(
      ', by input',
      {
        m: rows,
        n: inputs,
        k: outputs,
        aStrides: ys,
        bStrides: rowMajor(inputs),
        outStrides: xs,
        perSample: 'm',
      },
      [y, w, x],
    ),
    of(
      ', by kernel',
      {
        m: outputs,
        n: inputs,
        k: rows,
        aStrides: columnMajor(outputs),
        bStrides: xs,
        outStrides: xs,
        perSample: 'k',
      },
      [y, x, w],
    ),
  ];
}

function square(side: number): Case {
  const strides = rowMajor(side);
  const sizes = { m: side, n: side, k: side, aStrides: strides, bStrides: strides, outStrides: strides };
  return {
    product: { ...places, label: `square ${side}`, ...sizes, perSample: 'm' },
    elements: [side ** 2, side ** 2, side ** 2],
  };
}

/** Scores, context and gradient by the keys of self-attention on a joint projection. */
function attention(batch: number, heads: number, tokens: number, headDim: number): Case[] {
  const dim = heads * headDim;
  const part = (width: number, base = 0) => ({
    base,
    outer: tokens * width,
    inner: headDim,
    ...rowMajor(width),
  });
  const weights = { outer: heads * tokens ** 2, inner: tokens ** 2, ...rowMajor(tokens) };
  const flipped = (l: Strides): Strides => ({ ...l, row: l.column, column: l.row });
  const [qkv, square, context] = [
    batch * tokens * 3 * dim,
    batch * heads * tokens ** 2,
    batch * tokens * dim,
  ];
  const common = { ...places, outer: batch, inner: heads, m: tokens };
  const [q, k, v] = [0, dim, 2 * dim].map((base) => part(3 * dim, base)) as [Strides, Strides, Strides];
  const name = `${tokens} tokens`;
  return [
    {
      product: {
        ...common,
        label: `scores, ${name}`,
        n: tokens,
        k: headDim,
        aStrides: q,
        bStrides: flipped(k),
        outStrides: weights,
      },
      elements: [qkv, qkv, square],
    },
    {
      product: {
        ...common,
        label: `context, ${name}`,
        n: headDim,
        k: tokens,
        aStrides: weights,
        bStrides: v,
        outStrides: part(dim),
      },
      elements: [square, qkv, context],
    },
    {
      product: {
        ...common,
        label: `by keys, ${name}`,
        n: headDim,
        k: tokens,
        aStrides: flipped(weights),
        bStrides: q,
        outStrides: part(3 * dim, dim),
      },
      elements: [square, qkv, qkv],
    },
  ];
}

/** Squares, and the products of three Transformers: linear maps with both gradients, attention. */
export const cases: readonly Case[] = [
  ...[512, 1024, 2048, 4096].map((side) => square(side)),
  ...linear('ViT-B/32 qkv', 1600, 768, 2304),
  ...linear('ViT-B/32 projection', 1600, 768, 768),
  ...linear('ViT-B/32 fc1', 1600, 768, 3072),
  ...linear('ViT-B/32 fc2', 1600, 3072, 768),
  ...linear('BERT-base projection', 512, 768, 768),
  ...linear('BERT-base fc1', 512, 768, 3072),
  ...linear('BERT-base fc2', 512, 3072, 768),
  ...linear('deit-tiny projection', 1088, 192, 192),
  ...linear('deit-tiny fc1', 1088, 192, 768),
  ...linear('head', 32, 768, 10),
  ...attention(32, 12, 50, 64),
  ...attention(16, 12, 128, 64),
  ...attention(64, 3, 17, 64),
];
