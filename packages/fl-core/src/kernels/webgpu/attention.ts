import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type Attributes, flagOf, type Infos, input, numberOf } from '../attributes.ts';
import { defect } from '../defect.ts';
import type { GpuBackend, GpuKernel } from './backend.ts';
import { codeOf, type Parameters } from './code.ts';
import { rowWorker } from './layer-norm.ts';
import type { Strides } from './mat-mul/matrices.ts';
import { product } from './mat-mul/product.ts';
import { reads, runPass, writes } from './pass.ts';
import { eachColumn, eachRow, lowest, type RowWorker, rowGroups } from './wgsl.ts';

/** Sizes of one call. */
interface Sizes {
  readonly batch: number;
  readonly heads: number;
  readonly tokens: number;
  readonly headDim: number;
}

/** Queries, keys or values, all heads of all samples, inside a tensor. */
interface Part {
  readonly tensor: TensorInfo;
  readonly strides: Strides;
}

const sizesOf = ({ shape }: TensorInfo, width: number, attrs: Attributes): Sizes => {
  const [batch = 0, tokens = 0] = shape;
  const heads = numberOf(attrs, 'heads');
  return { batch, heads, tokens, headDim: width / heads };
};

/** The part of a (B, T, width) tensor that starts at column `first`: (B, T, H, D/H), whose heads are columns. */
const partOf = (tensor: TensorInfo, sizes: Sizes, first = 0): Part => {
  const width = tensor.shape.at(-1) ?? 0;
  return {
    tensor,
    strides: { base: first, outer: sizes.tokens * width, inner: sizes.headDim, row: width, column: 1 },
  };
};

const transposed = ({ tensor, strides }: Part): Part => ({
  tensor,
  strides: { ...strides, row: strides.column, column: strides.row },
});

/** A (B, H, T, T) tensor: weights of keys (columns) for queries (rows). */
const weightsPart = (tensor: TensorInfo, { heads, tokens }: Sizes): Part => ({
  tensor,
  strides: { outer: heads * tokens * tokens, inner: tokens * tokens, row: tokens, column: 1 },
});

const scale = ({ headDim }: Sizes): number => 1 / Math.sqrt(headDim);

/** (B, T, 3D) and a mask (B, T) -> context (B, T, D) and weights (B, H, T, T). */
export const selfAttention: GpuKernel = ({ inputs, attrs, backend }) => {
  const qkv = input(inputs, 'qkv');
  const dim = (qkv.shape[2] ?? 0) / 3;
  const sizes = sizesOf(qkv, dim, attrs);
  const [q, k, v] = [0, dim, 2 * dim].map((first) => partOf(qkv, sizes, first));
  return attend(backend, sizes, [q!, k!, v!], inputs, attrs);
};

/** q, k, v (B, T, D) and a mask (B, T) -> context (B, T, D) and weights (B, H, T, T). */
export const attention: GpuKernel = ({ inputs, attrs, backend }) => {
  const q = input(inputs, 'q');
  const sizes = sizesOf(q, q.shape[2] ?? 0, attrs);
  const parts = [q, input(inputs, 'k'), input(inputs, 'v')].map((t) => partOf(t, sizes));
  return attend(backend, sizes, [parts[0]!, parts[1]!, parts[2]!], inputs, attrs);
};

function attend(
  backend: GpuBackend,
  sizes: Sizes,
  [q, k, v]: readonly [Part, Part, Part],
  { mask }: Infos,
  attrs: Attributes,
): TensorInfo[] {
  const { batch, heads, tokens, headDim } = sizes;
  const weights = backend.makeTensorInfo([batch, heads, tokens, tokens], 'float32');
  const context = backend.makeTensorInfo([batch, tokens, heads * headDim], 'float32');
  const p = weightsPart(weights, sizes);
  multiply(backend, 'attention scores', sizes, q, transposed(k), p, scale(sizes));
  softmax(backend, sizes, weights, mask ?? null, flagOf(attrs, 'causal'));
  multiply(backend, 'attention context', sizes, p, v, partOf(context, sizes), 1);
  return [context, weights];
}

/** (B, T, 3D): the gradient by the joint projection, in five passes. */
export const selfAttentionGrad: GpuKernel = ({ inputs, attrs, backend }) => {
  const qkv = input(inputs, 'qkv');
  const dim = (qkv.shape[2] ?? 0) / 3;
  const sizes = sizesOf(qkv, dim, attrs);
  const out = backend.makeTensorInfo(qkv.shape, 'float32');
  const [q, k, v] = [0, dim, 2 * dim].map((first) => partOf(qkv, sizes, first));
  const [dq, dk, dv] = [0, dim, 2 * dim].map((first) => partOf(out, sizes, first));
  const dy = partOf(input(inputs, 'dy'), sizes);
  const weights = input(inputs, 'weights');
  gradValues(backend, sizes, weights, dy, dv!);
  const ds = gradScores(backend, sizes, weights, dy, v!);
  gradQueries(backend, sizes, ds, k!, dq!);
  gradKeys(backend, sizes, ds, q!, dk!);
  backend.disposeData(ds.dataId);
  return out;
};

/** (B, T, D): the gradient by one of three projections, `of` being q, k or v; only what it needs is computed. */
export const attentionGrad: GpuKernel = ({ inputs, attrs, backend }) => {
  const q = input(inputs, 'q');
  const sizes = sizesOf(q, q.shape[2] ?? 0, attrs);
  const out = backend.makeTensorInfo(q.shape, 'float32');
  const dy = partOf(input(inputs, 'dy'), sizes);
  const weights = input(inputs, 'weights');
  const result = partOf(out, sizes);
  if (attrs.of === 'v') {
    gradValues(backend, sizes, weights, dy, result);
    return out;
  }
  const ds = gradScores(backend, sizes, weights, dy, partOf(input(inputs, 'v'), sizes));
  switch (attrs.of) {
    case 'q':
      gradQueries(backend, sizes, ds, partOf(input(inputs, 'k'), sizes), result);
      break;
    case 'k':
      gradKeys(backend, sizes, ds, partOf(q, sizes), result);
      break;
    default:
      throw defect(`Attention has no input ${String(attrs.of)}.`);
  }
  backend.disposeData(ds.dataId);
  return out;
};

/** dV = P^T dY */
function gradValues(backend: GpuBackend, sizes: Sizes, weights: TensorInfo, dy: Part, dv: Part): void {
  multiply(backend, 'attention, gradient by v', sizes, transposed(weightsPart(weights, sizes)), dy, dv, 1);
}

const softmaxGradCode = codeOf(({ worker, tokens }: { worker: RowWorker; tokens: number }) =>
  eachRow(
    worker,
    's',
    tokens,
    `
  var products = 0.0;
  ${eachColumn(tokens, 'products += p[i] * s[i];')}
  let total = sumOf(products, t);
  ${eachColumn(tokens, 's[i] = p[i] * (s[i] - total);')}`,
  ),
);

/** dS = P (dP - sum(P dP)) with dP = dY V^T; before the scale of the scores. */
function gradScores(backend: GpuBackend, sizes: Sizes, weights: TensorInfo, dy: Part, v: Part): TensorInfo {
  const { batch, heads, tokens } = sizes;
  const ds = backend.makeTensorInfo(weights.shape, 'float32');
  multiply(backend, 'attention, gradient by weights', sizes, dy, transposed(v), weightsPart(ds, sizes), 1);
  const rows = batch * heads * tokens;
  const worker = rowWorker(backend, tokens);
  if (rows > 0) {
    runPass(backend, {
      label: 'softmax, gradient',
      bindings: [reads('p', weights), writes('s', ds)],
      code: softmaxGradCode({ worker, tokens }),
      groups: rowGroups(worker, rows),
    });
  }
  return ds;
}

/** dQ = scale dS K */
function gradQueries(backend: GpuBackend, sizes: Sizes, ds: TensorInfo, k: Part, dq: Part): void {
  multiply(backend, 'attention, gradient by q', sizes, weightsPart(ds, sizes), k, dq, scale(sizes));
}

/** dK = scale dS^T Q */
function gradKeys(backend: GpuBackend, sizes: Sizes, ds: TensorInfo, q: Part, dk: Part): void {
  const columns = transposed(weightsPart(ds, sizes));
  multiply(backend, 'attention, gradient by k', sizes, columns, q, dk, scale(sizes));
}

function multiply(
  backend: GpuBackend,
  label: string,
  { batch, heads, tokens, headDim }: Sizes,
  a: Part,
  b: Part,
  out: Part,
  factor: number,
): void {
  const isWeights = (part: Part) => part.tensor.shape.length === 4;
  product(backend, {
    label,
    a: a.tensor,
    aStrides: a.strides,
    b: b.tensor,
    bStrides: b.strides,
    out: out.tensor,
    outStrides: out.strides,
    outer: batch,
    inner: heads,
    m: tokens,
    n: isWeights(out) ? tokens : headDim,
    k: isWeights(a) ? tokens : headDim,
    factor,
  });
}

interface Softmax extends Parameters {
  readonly worker: RowWorker;
  readonly tokens: number;
  readonly heads: number;
  readonly masked: boolean;
  readonly causal: boolean;
}

const softmaxCode = codeOf(({ worker, tokens, heads, masked, causal }: Softmax) => {
  const padding = masked ? ` - 1e9 * (1.0 - f32(mask[(row / ${heads * tokens}u) * ${tokens}u + c]))` : '';
  const later = causal ? ` - select(0.0, 1e9, c > row % ${tokens}u)` : '';
  return eachRow(
    worker,
    's',
    tokens,
    `
  var highest = ${lowest};
  ${eachColumn(tokens, `let v = s[i]${padding}${later}; s[i] = v; highest = max(highest, v);`)}
  let top = maxOf(highest, t);
  var exponentials = 0.0;
  ${eachColumn(tokens, 'let e = exp(s[i] - top); s[i] = e; exponentials += e;')}
  let inverse = 1.0 / sumOf(exponentials, t);
  ${eachColumn(tokens, 's[i] *= inverse;')}`,
  );
});

/** Softmax over keys in place; hidden keys get the same large negative summand as in models/blocks/attention.ts. */
function softmax(
  backend: GpuBackend,
  { batch, heads, tokens }: Sizes,
  scores: TensorInfo,
  mask: TensorInfo | null,
  causal: boolean,
): void {
  const rows = batch * heads * tokens;
  if (rows === 0) return;
  const worker = rowWorker(backend, tokens);
  runPass(backend, {
    label: 'softmax',
    bindings: [...(mask ? [reads('mask', mask)] : []), writes('s', scores)],
    code: softmaxCode({ worker, tokens, heads, masked: mask !== null, causal }),
    groups: rowGroups(worker, rows),
  });
}
