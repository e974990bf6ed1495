// @module-tag long
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { attention, selfAttention } from '../models/blocks/attention.ts';
import { dropout } from '../models/blocks/dropout.ts';
import { embedding } from '../models/blocks/embedding.ts';
import { gelu, geluTanh } from '../models/blocks/gelu.ts';
import { layerNorm } from '../models/blocks/layer-norm.ts';
import { linear, linearOnto } from '../models/blocks/linear.ts';
import { classTargets } from '../models/targets.ts';
import { gradientError } from '../models/testing/gradients.ts';
import { lossOf } from '../training/tfjs/objectives/index.ts';
import { registerKernels } from './index.ts';
import { expectClose, normal, type Plain, runOn, valueAndGradients } from './testing/compare.ts';
import { type Dawn, openDawn, startDawn } from './testing/dawn.ts';

/** One operation at one size; its contract is the composed operation on the cpu backend. */
interface Case {
  readonly name: string;
  readonly shapes: readonly number[][];
  readonly f: (...inputs: tf.Tensor[]) => tf.Tensor;
  /** A card computes it with the products of other cases, at another size: SwiftShader compiles each for seconds. */
  readonly cardHasIt?: true;
}

const masks = { none: null, padding: [1, 1, 1, 0, 0, 1, 0, 0, 0, 0] } as const;

const attentions: Case[] = (['none', 'padding'] as const).flatMap((padding) =>
  [false, true].flatMap((causal) => {
    const options = () => {
      const mask = masks[padding];
      return { heads: 2, mask: mask && tf.tensor2d([...mask], [2, 5]), causal };
    };
    const how = `${causal ? 'causal' : 'all'}, padding ${padding}`;
    return [
      { name: `self-attention, ${how}`, shapes: [[2, 5, 18]], f: (x) => selfAttention(x!, options()) },
      {
        name: `attention, ${how}`,
        shapes: [
          [2, 5, 6],
          [2, 5, 6],
          [2, 5, 6],
        ],
        f: (q, k, v) => attention(q!, k!, v!, options()),
        cardHasIt: true,
      },
    ] satisfies Case[];
  }),
);

const orders = [
  ['in-out', (i: number, o: number) => [i, o]],
  ['out-in', (i: number, o: number) => [o, i]],
] as const;
const linears: Case[] = orders.flatMap(([order, shape]) =>
  (
    [
      [[3, 4], 5],
      [[2, 17, 33], 70],
      [[1, 1, 3], 1],
      [[65, 16], 64],
    ] as const
  ).map(([x, out]) => ({
    name: `linear ${order} [${x}] -> ${out}`,
    shapes: [[...x], [...shape(x.at(-1)!, out)], [out]],
    f: (a, k, b) => linear(a!, k!, b!, order),
    ...(x.length === 2 ? { cardHasIt: true } : {}),
  })),
);

const residuals: Case[] = orders.flatMap(([order, shape]) =>
  (
    [
      [[2, 17, 33], 70],
      [[65, 16], 64],
    ] as const
  ).map(([x, out]) => ({
    name: `linear ${order} onto a residual, [${x}] -> ${out}`,
    shapes: [[...x], [...shape(x.at(-1)!, out)], [out], [...x.slice(0, -1), out]],
    f: (a, k, b, residual) => linearOnto(residual!, a!, k!, b!, order),
  })),
);

const labels = classTargets(Int32Array.of(0, 4, 2));
const following = { kind: 'next-tokens', length: 3, ids: Int32Array.of(1, -1, 4, 0, 3, -1) } as const;

const cases: Case[] = [
  ...linears,
  ...residuals,
  ...[
    [2, 3, 6],
    [1, 1, 5],
    [3, 1],
    [5, 130],
  ].map(
    (shape): Case => ({
      name: `layer norm [${shape}]`,
      shapes: [shape, [shape.at(-1)!], [shape.at(-1)!]],
      f: (x, g, b) => layerNorm(x!, g!, b!, 1e-6),
    }),
  ),
  ...[[3, 7], [1], [2, 5, 33]].flatMap((shape): Case[] => [
    { name: `gelu [${shape}]`, shapes: [shape], f: (x) => gelu(tf.mul(x!, 2)) },
    { name: `gelu by tanh [${shape}]`, shapes: [shape], f: (x) => geluTanh(tf.mul(x!, 2)) },
  ]),
  ...attentions,
  {
    name: 'self-attention of one token',
    shapes: [[1, 1, 12]],
    f: (x) => selfAttention(x!, { heads: 4, mask: null, causal: true }),
  },
  {
    name: 'self-attention of 70 tokens',
    shapes: [[1, 70, 30]],
    f: (x) => selfAttention(x!, { heads: 1, mask: null, causal: false }),
  },
  {
    name: 'embedding with repeated and missing rows',
    shapes: [[5, 7]],
    f: (table) => embedding(table!, tf.tensor2d([3, 0, 3, 4, 3, 0], [2, 3], 'int32')),
  },
  { name: 'cross-entropy', shapes: [[3, 5]], f: (x) => lossOf(x!, labels) },
  { name: 'cross-entropy of next tokens', shapes: [[2, 3, 5]], f: (x) => lossOf(x!, following) },
  { name: 'cross-entropy of one', shapes: [[1, 2]], f: (x) => lossOf(x!, classTargets(Int32Array.of(1))) },
  {
    name: 'cross-entropy of 100 classes',
    shapes: [[3, 100]],
    f: (x) => lossOf(tf.mul(x!, 20), labels),
  },
  { name: 'dropout', shapes: [[3, 50]], f: (x) => dropout(x!, 0.3, 12345) },
];

const plain = (shapes: readonly number[][]): Plain[] => shapes.map((shape, i) => normal(shape, i));

const tolerance = 1e-4;
let dawn: Dawn | { readonly reason: string };

beforeAll(async () => {
  dawn = await openDawn();
  for (const backend of ['cpu', 'wasm', 'webgpu'] as const) registerKernels(backend);
});

describe.each(cases)('$name', ({ shapes, f }) => {
  const program = valueAndGradients(f);

  it('has the gradient of its function on cpu', async () => {
    await tf.setBackend('cpu');
    const inputs = plain(shapes).map((p) => tf.tensor(p.values, p.shape));
    expect(gradientError(f, inputs)).toBeLessThan(2e-3);
    tf.dispose(inputs);
  });

  it('is the same on wasm', async () => {
    const expected = await runOn('cpu', program, plain(shapes));
    expectClose(await runOn('wasm', program, plain(shapes)), expected, tolerance);
  });
});

describe.each(['as-is', 'card'] as const)('on WebGPU (%s)', (kind) => {
  beforeAll(async () => {
    if (!('reason' in dawn)) await startDawn(dawn, kind);
  });

  const own = cases.filter((c) => kind === 'as-is' || !c.cardHasIt);
  it.for(own)('$name is the same as on cpu', async ({ shapes, f }, { skip }) => {
    if ('reason' in dawn) return skip(dawn.reason);
    const program = valueAndGradients(f);
    const expected = await runOn('cpu', program, plain(shapes));
    expectClose(await runOn('webgpu', program, plain(shapes)), expected, tolerance);
  });
});
