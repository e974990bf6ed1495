import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
// tfjs's own gradients, the oracle.
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { random } from '../../random.ts';
import { registerGradients } from './index.ts';

interface Case {
  readonly name: string;
  readonly shapes: readonly number[][];
  readonly f: (...inputs: tf.Tensor[]) => tf.Tensor;
  /** The same function written so that tfjs's own gradient is right, where it is not. */
  readonly oracle?: (...inputs: tf.Tensor[]) => tf.Tensor;
  /** Inputs are uniform in [0.5, 2) instead of standard normal. */
  readonly positive?: boolean;
}

type Unary = (x: tf.Tensor) => tf.Tensor;
const unary = (name: string, f: Unary, positive = false): Case => ({
  name,
  shapes: [[3, 4]],
  f: (x) => f(x!),
  positive,
});

const operands: readonly number[][][] = [
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], [3]],
  [
    [4, 1, 3],
    [2, 1],
  ],
  [[2, 1], []],
];
const binary = (name: string, f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor, positive = false): Case[] =>
  operands.map((shapes) => ({
    name: `${name} ${JSON.stringify(shapes)}`,
    shapes,
    f: (a, b) => f(a!, b!),
    positive,
  }));

const flags = [false, true];
const products: Case[] = flags.flatMap((tA) =>
  flags.flatMap((tB) =>
    [[], [2], [2, 2]].map((batch) => ({
      name: `matMul ${tA} ${tB}, batch [${batch}]`,
      shapes: [
        [...batch, ...(tA ? [4, 3] : [3, 4])],
        [...batch, ...(tB ? [5, 4] : [4, 5])],
      ],
      f: (a, b) => tf.matMul(a!, b!, tA, tB),
    })),
  ),
);

const image: [number, number, number, number] = [2, 6, 5, 3];
const images = (x: tf.Tensor | undefined) => tf.reshape<tf.Rank.R4>(x!, image);

const convolutional: Case[] = [
  ...(
    [
      [1, 'valid'],
      [2, 'same'],
    ] as const
  ).flatMap(([stride, pad]): Case[] => [
    {
      name: `conv2d, stride ${stride}, ${pad}`,
      shapes: [image, [3, 2, 3, 4]],
      f: (x, w) => tf.conv2d(images(x), tf.reshape<tf.Rank.R4>(w!, [3, 2, 3, 4]), stride, pad),
    },
    {
      name: `depthwiseConv2d, stride ${stride}, ${pad}`,
      shapes: [image, [3, 2, 3, 2]],
      f: (x, w) => tf.depthwiseConv2d(images(x), tf.reshape<tf.Rank.R4>(w!, [3, 2, 3, 2]), stride, pad),
    },
    {
      name: `maxPool, stride ${stride}, ${pad}`,
      shapes: [image],
      f: (x) => tf.maxPool(images(x), 2, stride, pad),
    },
    {
      name: `avgPool, stride ${stride}, ${pad}`,
      shapes: [image],
      f: (x) => tf.avgPool(images(x), 2, stride, pad),
    },
  ]),
  {
    name: 'batchNorm',
    shapes: [image, [3], [3], [3], [3]],
    f: (x, mean, variance, offset, scale) =>
      tf.batchNorm(
        images(x),
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        offset as tf.Tensor1D,
        scale as tf.Tensor1D,
        0.1,
      ),
    positive: true,
  },
];

const cases: Case[] = [
  ...convolutional,
  ...binary('add', tf.add),
  ...binary('sub', tf.sub),
  ...binary('mul', tf.mul),
  ...binary('div', tf.div, true),
  unary('neg', tf.neg),
  unary('square', tf.square),
  unary('sqrt', tf.sqrt, true),
  unary('rsqrt', tf.rsqrt, true),
  unary('exp', tf.exp),
  unary('log', tf.log, true),
  unary('sin', tf.sin),
  unary('cos', tf.cos),
  unary('tanh', tf.tanh),
  unary('sigmoid', tf.sigmoid),
  unary('relu', tf.relu),
  unary('erf', tf.erf),
  unary('relu6', (x) => tf.relu6(tf.mul(x, 5))),
  unary('leakyRelu', (x) => tf.leakyRelu(x, 0.3)),
  unary('elu', (x) => tf.elu(x)),
  unary('softplus', (x) => tf.softplus(x)),
  unary('pad', (x) =>
    tf.pad(x, [
      [1, 0],
      [2, 3],
    ]),
  ),
  unary('cast', (x) => tf.cast(tf.cast(x, 'float32'), 'float32')),
  unary('clone', tf.clone),
  unary('sum', (x) => tf.sum(x)),
  unary('sum of an axis', (x) => tf.sum(x, 0)),
  unary('sum of the last axis, kept', (x) => tf.sum(x, -1, true)),
  unary('mean', (x) => tf.mean(x)),
  unary('mean of an axis', (x) => tf.mean(x, 1)),
  unary('mean of both axes, kept', (x) => tf.mean(x, [0, 1], true)),
  unary('softmax', (x) => tf.softmax(x)),
  unary('logSoftmax', (x) => tf.logSoftmax(x)),
  unary('reshape', (x) => tf.reshape(x, [2, 6])),
  unary('expandDims', (x) => tf.expandDims(x, 1)),
  unary('slice', (x) => tf.slice(x, [1, 0], [2, 3])),
  unary('split', (x) => {
    const [a, b] = tf.split(x, 2, 1);
    return tf.mul(a!, tf.exp(b!));
  }),
  unary('split of which one part is used', (x) => tf.split(x, [1, 3], 1)[1]!),
  unary('gather', (x) => tf.gather(x, tf.tensor1d([2, 0, 2], 'int32'))),
  unary('gather by a matrix', (x) =>
    tf.gather(
      x,
      tf.tensor2d(
        [
          [2, 0],
          [1, 1],
        ],
        [2, 2],
        'int32',
      ),
    ),
  ),
  { name: 'transpose', shapes: [[2, 3, 4]], f: (x) => tf.transpose(x!, [1, 2, 0]) },
  {
    name: 'concat',
    shapes: [
      [2, 1],
      [2, 3],
      [2, 2],
    ],
    f: (...parts) => tf.concat(parts, -1),
  },
  ...products,
  {
    name: 'matMul (B, T, D) x (D, K)',
    shapes: [
      [2, 3, 4],
      [4, 5],
    ],
    f: (a, b) => tf.matMul(a!, b!),
    oracle: (a, b) => tf.reshape(tf.matMul(tf.reshape(a!, [6, 4]), b!), [2, 3, 5]),
  },
  {
    name: 'matMul (1, T, D) x (B, K, D)',
    shapes: [
      [1, 3, 4],
      [2, 5, 4],
    ],
    f: (a, b) => tf.matMul(a!, b!, false, true),
    oracle: (a, b) => tf.matMul(tf.concat([a!, a!], 0), b!, false, true),
  },
];

/** Gradients of a fixed random combination of the outputs. */
async function gradients(f: Case['f'], { shapes, positive = false }: Case): Promise<number[][]> {
  const source = random('gradients', ...shapes.flat());
  const draw = () => (positive ? 0.5 + 1.5 * source.uniform() : source.normal());
  const made = (shape: number[]) => {
    const size = shape.reduce((a, b) => a * b, 1);
    return tf.tensor(Float32Array.from({ length: size }, draw), shape);
  };
  const results = tf.tidy(() => {
    const inputs = shapes.map(made);
    const weights = made(f(...inputs).shape);
    return tf.grads((...xs) => tf.sum(tf.mul(f(...xs), weights)))(inputs);
  });
  const values = await Promise.all(results.map(async (t) => [...(await t.data())]));
  tf.dispose(results);
  return values;
}

describe('gradients of kernels', () => {
  const expected = new Map<string, number[][]>();

  beforeAll(async () => {
    await tf.setBackend('cpu');
    for (const c of cases) expected.set(c.name, await gradients(c.oracle ?? c.f, c));
    registerGradients();
  });

  it.each(cases)('$name equals tfjs', async (c) => {
    const before = tf.memory().numTensors;
    const actual = await gradients(c.f, c);
    expect(tf.memory().numTensors).toBe(before);
    const wanted = expected.get(c.name)!;
    expect(actual.map((g) => g.length)).toEqual(c.shapes.map((s) => s.reduce((a, b) => a * b, 1)));
    actual.forEach((g, i) => {
      g.forEach((v, k) => {
        const expected = wanted[i]![k]!;
        expect(Math.abs(v - expected)).toBeLessThan(5e-6 * Math.max(1, Math.abs(expected)));
      });
    });
  });

  it('leaves the gradient of a frozen input uncomputed', async () => {
    const x = tf.ones([4, 4]);
    const frozen = tf.ones([4, 4]);
    const profile = await tf.profile(() => tf.grad((a: tf.Tensor) => tf.sum(tf.matMul(a, frozen)))(x));
    // One product forward, one backward.
    expect(profile.kernels.filter((k) => k.name === 'BatchMatMul')).toHaveLength(2);
    tf.dispose([x, frozen, profile.result]);
  });
});
