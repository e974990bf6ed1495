// @module-tag long
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { registerKernels } from '../../kernels/index.ts';
import { type Dawn, openDawn, startDawn } from '../../kernels/testing/dawn.ts';
import { random } from '../../random.ts';
import { squaredNorm } from './sums.ts';

let dawn: Dawn | { readonly reason: string };
beforeAll(async () => {
  dawn = await openDawn();
  for (const backend of ['cpu', 'wasm', 'webgpu'] as const) registerKernels(backend);
  if (!('reason' in dawn)) await startDawn(dawn);
});

/** Of one tensor, and of tensors of all sorts of sizes; the last but on slow software devices as large as a block of BERT-base. */
const sizes = [[1], [64], [65], [4097], [3, 192, 70_000]];
const largest = { cpu: 400_000, wasm: 7_087_872, webgpu: 400_000 };

it.for(['cpu', 'wasm', 'webgpu'] as const)(
  'squared norms on %s are those of float64, to 1e-6',
  async (backend, { skip }) => {
    if (backend === 'webgpu' && 'reason' in dawn) return skip(dawn.reason);
    await tf.setBackend(backend);
    const before = tf.memory().numTensors;
    for (const lengths of [...sizes, [largest[backend]]]) {
      const draws = random('squared norm', lengths.length, lengths[0]!);
      const values = lengths.map((length) => Float32Array.from({ length }, () => 1e-3 * draws.normal()));
      const expected = values.flatMap((v) => [v.reduce((sum, x) => sum + x * x, 0)]).reduce((a, b) => a + b);
      const tensors = values.map((v) => tf.tensor1d(v));
      const norm = squaredNorm(tensors);
      const [found = Number.NaN] = await norm.data();
      tf.dispose([norm, ...tensors]);
      expect(Math.abs(found / expected - 1), `${lengths.join(', ')} values`).toBeLessThan(1e-6);
    }
    expect(tf.memory().numTensors).toBe(before);
  },
);
