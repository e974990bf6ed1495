import { div, mul, reshape, sub, sum, type Tensor, tile, util } from '@tensorflow/tfjs-core';
import { at, type Gradient, numbers } from './gradient.ts';

/** Gradients of kernels that sum over axes. */
export const reductions: readonly Gradient[] = [
  { kernel: 'Sum', saves: ['x'], inputs: (dy, s, { axis }) => ({ x: () => spread(dy, at(s, 0), axis) }) },
  {
    kernel: 'Mean',
    saves: ['x'],
    inputs: (dy, s, { axis }) => ({
      x: () => spread(div(dy, at(s, 0).size / Math.max(1, dy.size)), at(s, 0), axis),
    }),
  },
  {
    // dx = y (dy - sum(dy y)), along the last axis
    kernel: 'Softmax',
    savesOutput: true,
    inputs: (dy, s) => ({ logits: () => mul(at(s, 0), sub(dy, sum(mul(dy, at(s, 0)), -1, true))) }),
  },
];

/** Repeats a gradient along the axes that were reduced, to the shape of `x`. */
function spread(dy: Tensor, x: Tensor, axis: unknown): Tensor {
  const axes = new Set(axis == null ? x.shape.keys() : util.parseAxisParam(numbers(axis), x.shape));
  const kept = reshape(
    dy,
    x.shape.map((size, i) => (axes.has(i) ? 1 : size)),
  );
  // A product with ones would have them made here and brought to the device.
  return tile(
    kept,
    x.shape.map((size, i) => (axes.has(i) ? size : 1)),
  );
}
