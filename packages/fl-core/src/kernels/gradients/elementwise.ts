import {
  add,
  cast,
  cos,
  div,
  exp,
  minimum,
  mul,
  neg,
  reshape,
  sigmoid,
  sin,
  square,
  step,
  sub,
} from '@tensorflow/tfjs-core';
import { at, type Gradient, unbroadcast } from './gradient.ts';

/** Gradients of kernels that work element by element, operands broadcast against each other. */
export const elementwise: readonly Gradient[] = [
  {
    kernel: 'Add',
    saves: ['a', 'b'],
    inputs: (dy, s) => ({ a: () => unbroadcast(dy, at(s, 0)), b: () => unbroadcast(dy, at(s, 1)) }),
  },
  {
    kernel: 'Sub',
    saves: ['a', 'b'],
    inputs: (dy, s) => ({ a: () => unbroadcast(dy, at(s, 0)), b: () => neg(unbroadcast(dy, at(s, 1))) }),
  },
  {
    kernel: 'Multiply',
    saves: ['a', 'b'],
    inputs: (dy, s) => ({
      a: () => unbroadcast(mul(dy, at(s, 1)), at(s, 0)),
      b: () => unbroadcast(mul(dy, at(s, 0)), at(s, 1)),
    }),
  },
  {
    kernel: 'RealDiv',
    saves: ['a', 'b'],
    inputs: (dy, s) => ({
      a: () => unbroadcast(div(dy, at(s, 1)), at(s, 0)),
      b: () => unbroadcast(neg(div(mul(dy, at(s, 0)), square(at(s, 1)))), at(s, 1)),
    }),
  },
  { kernel: 'Neg', inputs: (dy) => ({ x: () => neg(dy) }) },
  { kernel: 'Square', saves: ['x'], inputs: (dy, s) => ({ x: () => mul(dy, mul(at(s, 0), 2)) }) },
  { kernel: 'Sqrt', savesOutput: true, inputs: (dy, s) => ({ x: () => div(dy, mul(at(s, 0), 2)) }) },
  {
    // d/dx x^(-1/2) = -y^3 / 2
    kernel: 'Rsqrt',
    savesOutput: true,
    inputs: (dy, s) => ({ x: () => mul(dy, mul(mul(square(at(s, 0)), at(s, 0)), -0.5)) }),
  },
  { kernel: 'Exp', savesOutput: true, inputs: (dy, s) => ({ x: () => mul(dy, at(s, 0)) }) },
  { kernel: 'Log', saves: ['x'], inputs: (dy, s) => ({ x: () => div(dy, at(s, 0)) }) },
  { kernel: 'Sin', saves: ['x'], inputs: (dy, s) => ({ x: () => mul(dy, cos(at(s, 0))) }) },
  { kernel: 'Cos', saves: ['x'], inputs: (dy, s) => ({ x: () => neg(mul(dy, sin(at(s, 0)))) }) },
  { kernel: 'Tanh', savesOutput: true, inputs: (dy, s) => ({ x: () => mul(dy, sub(1, square(at(s, 0)))) }) },
  {
    kernel: 'Sigmoid',
    savesOutput: true,
    inputs: (dy, s) => ({ x: () => mul(dy, mul(at(s, 0), sub(1, at(s, 0)))) }),
  },
  { kernel: 'Softplus', saves: ['x'], inputs: (dy, s) => ({ x: () => mul(dy, sigmoid(at(s, 0))) }) },
  { kernel: 'Relu', savesOutput: true, inputs: (dy, s) => ({ x: () => mul(dy, step(at(s, 0))) }) },
  {
    kernel: 'Relu6',
    saves: ['x'],
    inputs: (dy, s) => ({ x: () => mul(dy, mul(step(at(s, 0)), step(sub(6, at(s, 0))))) }),
  },
  {
    kernel: 'LeakyRelu',
    saves: ['x'],
    inputs: (dy, s, { alpha }) => ({ x: () => mul(dy, step(at(s, 0), Number(alpha))) }),
  },
  {
    // exp(x) below 0, which is y + 1
    kernel: 'Elu',
    savesOutput: true,
    inputs: (dy, s) => ({ x: () => mul(dy, add(1, minimum(at(s, 0), 0))) }),
  },
  {
    kernel: 'Erf',
    saves: ['x'],
    inputs: (dy, s) => ({ x: () => mul(dy, mul(exp(neg(square(at(s, 0)))), 2 / Math.sqrt(Math.PI))) }),
  },
  { kernel: 'Cast', inputs: (dy) => ({ x: () => cast(dy, 'float32') }) },
  { kernel: 'Identity', inputs: (dy) => ({ x: () => reshape(dy, dy.shape) }) },
];
