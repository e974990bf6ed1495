import {
  clone,
  engine,
  getBackend,
  getKernel,
  type KernelConfig,
  matMul,
  reshape,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { at, type Gradient } from './gradient.ts';
import { together } from './together.ts';

/** Runs a kernel of ours that returns one tensor. */
const run = (
  kernel: string,
  inputs: Record<string, Tensor>,
  attrs: Record<string, string | number | boolean> = {},
) => engine().runKernel<Tensor>(kernel, inputs, attrs);

/** Runs a kernel of ours that returns several. */
const runAll = (
  kernel: string,
  inputs: Record<string, Tensor>,
  attrs: Record<string, string | number | boolean> = {},
) => engine().runKernel<Tensor[]>(kernel, inputs, attrs);

const has = (kernel: string): boolean =>
  // tfjs declares the result as always present, which it is not.
  (getKernel(kernel, getBackend()) as KernelConfig | undefined) !== undefined;

/** (..., D) -> (rows, D) */
const rows = (x: Tensor): Tensor => (x.rank === 2 ? x : reshape(x, [-1, x.shape.at(-1) ?? 1]));

/** No gradient: ids, labels and masks are no functions of a parameter, so that autodiff never asks. */
const none = (name: string) => () => {
  throw new TypeError(`There is no gradient by ${name}.`);
};

/** Of x W + b: dx = dy W^T, dW = x^T dy, db = the column sums of dy. */
function linear(dy: Tensor, x: Tensor, kernel: Tensor, outIn: boolean): Record<string, () => Tensor> {
  const attrs = { order: outIn ? 'out-in' : 'in-out' };
  return {
    x: () => reshape(matMul(rows(dy), kernel, false, !outIn), x.shape),
    ...(has('StrataLinearGradParameters')
      ? together(['kernel', 'bias'], () => runAll('StrataLinearGradParameters', { x, dy }, attrs))
      : {
          kernel: () => (outIn ? matMul(rows(dy), rows(x), true) : matMul(rows(x), rows(dy), true)),
          bias: () => run('StrataColumnSum', { dy }),
        }),
  };
}

/** Gradients of our own kernels (names: kernels/webgpu/index.ts), the same on every backend that has them. */
export const fused: readonly Gradient[] = [
  {
    kernel: 'StrataLinear',
    saves: ['x', 'kernel'],
    inputs: (dy, s, { order }) => linear(dy, at(s, 0), at(s, 1), order === 'out-in'),
  },
  {
    kernel: 'StrataLinearOnto',
    saves: ['x', 'kernel'],
    inputs: (dy, s, { order }) => ({
      ...linear(dy, at(s, 0), at(s, 1), order === 'out-in'),
      residual: () => clone(dy),
    }),
  },
  {
    kernel: 'StrataLayerNorm',
    saves: ['x', 'scale'],
    savesOutput: [false, true],
    inputs: (dy, s) => {
      const [x, scale, statistics] = [at(s, 0), at(s, 1), at(s, 2)];
      return {
        x: () => run('StrataLayerNormGradInput', { x, scale, statistics, dy }),
        ...(has('StrataLayerNormGradParameters')
          ? together(['scale', 'shift'], () => runAll('StrataLayerNormGradParameters', { dy, x, statistics }))
          : {
              scale: () => run('StrataColumnSum', { dy, x, statistics }),
              shift: () => run('StrataColumnSum', { dy }),
            }),
      };
    },
  },
  {
    kernel: 'StrataGelu',
    saves: ['x'],
    inputs: (dy, s, { form }) => ({
      x: () => run('StrataGeluGrad', { x: at(s, 0), dy }, { form: String(form) }),
    }),
  },
  {
    kernel: 'StrataSelfAttention',
    saves: ['qkv'],
    savesOutput: [false, true],
    inputs: (dy, s, { heads }) => ({
      qkv: () =>
        run('StrataSelfAttentionGrad', { qkv: at(s, 0), weights: at(s, 1), dy }, { heads: Number(heads) }),
      mask: none('a mask'),
    }),
  },
  {
    kernel: 'StrataAttention',
    saves: ['q', 'k', 'v'],
    savesOutput: [false, true],
    inputs: (dy, s, { heads }) => {
      const saved = { q: at(s, 0), k: at(s, 1), v: at(s, 2), weights: at(s, 3), dy };
      const by = (of: string) => () => run('StrataAttentionGrad', saved, { heads: Number(heads), of });
      return { q: by('q'), k: by('k'), v: by('v'), mask: none('a mask') };
    },
  },
  {
    kernel: 'StrataEmbedding',
    saves: ['table', 'ids'],
    inputs: (dy, s) => ({
      table: () => run('StrataEmbeddingGrad', { ids: at(s, 1), dy }, { rows: at(s, 0).shape[0] ?? 0 }),
      ids: none('ids'),
    }),
  },
  {
    kernel: 'StrataCrossEntropy',
    saves: ['logits', 'labels'],
    inputs: (dy, s) => ({
      logits: () => run('StrataCrossEntropyGrad', { logits: at(s, 0), labels: at(s, 1), dy }),
      labels: none('labels'),
    }),
  },
  {
    kernel: 'StrataDropout',
    inputs: (dy, _, { rate, seed }) => ({
      x: () => run('StrataDropout', { x: dy }, { rate: Number(rate), seed: Number(seed) }),
    }),
  },
];
