import {
  add,
  engine,
  mul,
  type NamedAttrMap,
  neg,
  rsqrt,
  square,
  sub,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { defect } from '../defect.ts';
import { type Attributes, at, type Gradient, unbroadcast } from './gradient.ts';

const run = (kernel: string, inputs: Record<string, Tensor>, attrs: Attributes): Tensor =>
  // What one of tfjs's kernels was called with is what its gradient's kernels take.
  engine().runKernel<Tensor>(kernel, inputs, attrs as NamedAttrMap);

/** tfjs's kernels for these gradients are wrong for spaced filters, on every backend. */
function requireDense({ dilations }: Attributes): void {
  const spaced = [dilations ?? 1].flat().some((d) => d !== 1);
  if (spaced) throw defect('The gradient of a dilated convolution is not available.');
}

/** Gradients of the kernels of convolutional networks, on images (B, H, W, C). */
export const convolutions: readonly Gradient[] = [
  {
    kernel: 'Conv2D',
    saves: ['x', 'filter'],
    inputs: (dy, s, attrs) => {
      requireDense(attrs);
      const [x, filter] = [at(s, 0), at(s, 1)];
      return {
        x: () => run('Conv2DBackpropInput', { dy, filter }, { ...attrs, inputShape: x.shape }),
        filter: () => run('Conv2DBackpropFilter', { x, dy }, { ...attrs, filterShape: filter.shape }),
      };
    },
  },
  {
    kernel: 'DepthwiseConv2dNative',
    saves: ['x', 'filter'],
    inputs: (dy, s, attrs) => {
      requireDense(attrs);
      const [x, filter] = [at(s, 0), at(s, 1)];
      const [input, weights] = [
        // Null where tfjs-layers asks for none: the kernels want a number.
        { ...attrs, dilations: 1, inputShape: x.shape },
        { ...attrs, dilations: 1, filterShape: filter.shape },
      ];
      return {
        x: () => run('DepthwiseConv2dNativeBackpropInput', { dy, filter }, input),
        filter: () => run('DepthwiseConv2dNativeBackpropFilter', { x, dy }, weights),
      };
    },
  },
  {
    kernel: 'MaxPool',
    saves: ['x'],
    savesOutput: true,
    inputs: (dy, s, attrs) => ({
      x: () => run('MaxPoolGrad', { dy, input: at(s, 0), output: at(s, 1) }, attrs),
    }),
  },
  {
    kernel: 'AvgPool',
    saves: ['x'],
    inputs: (dy, s, attrs) => ({ x: () => run('AvgPoolGrad', { dy, input: at(s, 0) }, attrs) }),
  },
  {
    // y = (x - mean) r scale + offset with r = (variance + epsilon)^(-1/2)
    kernel: 'FusedBatchNorm',
    saves: ['x', 'mean', 'variance', 'scale'],
    inputs: (dy, s, { varianceEpsilon }) => {
      const [x, mean, variance, scale] = [at(s, 0), at(s, 1), at(s, 2), at(s, 3)];
      const r = () => rsqrt(add(variance, Number(varianceEpsilon)));
      const centred = () => sub(x, mean);
      return {
        x: () => mul(dy, mul(scale, r())),
        mean: () => neg(unbroadcast(mul(dy, mul(scale, r())), mean)),
        variance: () => {
          const slope = mul(mul(mul(square(r()), r()), -0.5), scale);
          return unbroadcast(mul(mul(dy, centred()), slope), variance);
        },
        scale: () => unbroadcast(mul(dy, mul(centred(), r())), scale),
        offset: () => unbroadcast(dy, mean),
      };
    },
  },
];
