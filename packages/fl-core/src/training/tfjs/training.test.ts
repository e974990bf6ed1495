import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { registerKernels } from '../../kernels/index.ts';
import { type Dawn, openDawn, startDawn } from '../../kernels/testing/dawn.ts';
import type { ModelLayout } from '../../models/layout.ts';
import type { OptimizerConfig } from '../../protocol/local-config.ts';
import { TfjsGradients } from './activation.ts';
import { TfjsEngine } from './engine.ts';

/** Written by optimizers.py with PyTorch. */
interface Reference {
  start: Record<string, number[]>;
  gradients: Record<string, number[]>[];
  rates: number[];
  cases: {
    optimizer: OptimizerConfig;
    proximal: number;
    clipNorm: number | null;
    headRate: number;
    norms: number[];
    end: Record<string, number[]>;
  }[];
}
const reference: Reference = JSON.parse(
  readFileSync(new URL('./fixtures/optimizers.json', import.meta.url), 'utf8'),
);

const shapes: Record<string, number[]> = { 'a.weight': [3, 2], 'b.bias': [4], 'b.weight': [2, 2] };
const layout: ModelLayout = {
  layers: [
    { name: 'a', role: 'block', tensors: [{ name: 'a.weight', shape: [3, 2] }] },
    {
      name: 'b',
      role: 'head',
      tensors: [
        { name: 'b.bias', shape: [4] },
        { name: 'b.weight', shape: [2, 2] },
      ],
    },
  ],
};
const input = () => {
  throw new TypeError('not run');
};

const open = () =>
  new TfjsEngine({ layout, classes: 2, stages: [], input }, (name) => ({
    name,
    shape: shapes[name]!,
    data: Float32Array.from(reference.start[name]!),
  }));

const gradientsOf = (values: Record<string, number[]>) =>
  new TfjsGradients(new Map(Object.entries(values).map(([n, g]) => [n, tf.tensor(g, shapes[n]!)])));

let dawn: Dawn | { readonly reason: string };
beforeAll(async () => {
  dawn = await openDawn();
  for (const backend of ['wasm', 'webgpu'] as const) registerKernels(backend);
  if (!('reason' in dawn)) await startDawn(dawn);
});

describe.for(['cpu', 'wasm', 'webgpu'] as const)('a trained copy on %s', (backend) => {
  beforeEach(async ({ skip }) => {
    if (backend === 'webgpu' && 'reason' in dawn) return skip(dawn.reason);
    await tf.setBackend(backend);
    const tensors = tf.memory().numTensors;
    return () => expect(tf.memory().numTensors, 'tensors left behind').toBe(tensors);
  });

  it.each(reference.cases)(
    'moves as in PyTorch: $optimizer.name, proximal $proximal, clipped to $clipNorm, head at $headRate',
    async ({ optimizer, proximal, clipNorm, headRate, norms, end }) => {
      const engine = open();
      const head = { rate: headRate };
      const training = engine.training(['a', 'b'], { optimizer, proximal, clipNorm, head });
      const seen: number[] = [];
      for (const [t, gradient] of reference.gradients.entries()) {
        // In two parts, as from two micro-batches.
        const halves = Object.fromEntries(
          Object.entries(gradient).map(([n, g]) => [n, g.map((v, i) => v * (i % 2 ? 0.25 : 0.75))]),
        );
        const rest = Object.fromEntries(
          Object.entries(gradient).map(([n, g]) => [n, g.map((v, i) => v * (i % 2 ? 0.75 : 0.25))]),
        );
        training.add(gradientsOf(halves));
        training.add(gradientsOf(rest));
        const squares = await engine.read(training.finishGradients());
        if (squares.length > 0) seen.push(Math.sqrt(squares.reduce((a, b) => a + b)));
        training.step(reference.rates[t]!);
      }
      expect(seen).toHaveLength(norms.length);
      for (const [i, norm] of norms.entries()) expect(seen[i]! / norm).toBeCloseTo(1, 5);
      for (const [name, values] of Object.entries(end)) {
        const ours = await training.read(name);
        expect(ours).toHaveLength(values.length);
        for (const [i, v] of values.entries()) expect(ours[i]).toBeCloseTo(v, 5);
      }
      training.dispose();
      engine.release();
    },
  );

  it('leaves a gradient below the limit as it is, forgets what is discarded, and moves a head alone at its own rate', async () => {
    const engine = open();
    const optimizer = { name: 'sgd', learningRate: 1, momentum: 0 } as const;
    const head = { rate: 2 };
    const training = engine.training(['b'], { optimizer, proximal: 0, clipNorm: 100, head });
    const none = { 'b.weight': [0, 0, 0, 0] };
    training.add(gradientsOf({ ...none, 'b.bias': [9, 9, 9, 9] }));
    training.discard();
    training.add(gradientsOf({ ...none, 'b.bias': [1, 2, 3, 4] }));
    expect(await engine.read(training.finishGradients())).toEqual([30]);
    training.step(1);
    const moved = await training.read('b.bias');
    for (const [i, v] of reference.start['b.bias']!.entries())
      expect(moved[i]).toBeCloseTo(v - 2 * (i + 1), 5);
    await expect(training.read('a.weight')).rejects.toThrow(/not trained/);
    training.dispose();
    engine.release();
  });
});
