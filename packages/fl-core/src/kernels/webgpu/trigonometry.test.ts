import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { registerKernels } from '../index.ts';
import { runOn } from '../testing/compare.ts';
import { type Dawn, openDawn, startDawn } from '../testing/dawn.ts';

let dawn: Dawn | { readonly reason: string };

beforeAll(async () => {
  dawn = await openDawn();
  if ('reason' in dawn) return;
  registerKernels('webgpu');
  await startDawn(dawn);
});

describe.each([
  { name: 'sine', f: tf.sin<tf.Tensor>, exact: Math.sin },
  { name: 'cosine', f: tf.cos<tf.Tensor>, exact: Math.cos },
])('$name on WebGPU', ({ f, exact }) => {
  it.for([1, 10, 128, 1000])('is within 1e-6 of JavaScript to %i', async (end, { skip }) => {
    if ('reason' in dawn) return skip(dawn.reason);
    const values = Float32Array.from({ length: 20_001 }, (_, i) => (i / 10_000 - 1) * end);
    const [y] = await runOn('webgpu', (x) => f(x!), [{ shape: [values.length], values }]);
    const errors = Array.from(values, (x, i) => Math.abs(y!.values[i]! - exact(x)));
    expect(Math.max(...errors)).toBeLessThan(1e-6);
  });

  it('takes integers and tensors without elements', async ({ skip }) => {
    if ('reason' in dawn) return skip(dawn.reason);
    const integers = tf.tensor1d([0, 1, -2], 'int32');
    const some = f(tf.cast(integers, 'float32'));
    const none = f(tf.tensor1d([]));
    const values = await some.data();
    expect(values).toHaveLength(3);
    for (const [i, x] of [0, 1, -2].entries()) expect(values[i]).toBeCloseTo(exact(x), 6);
    expect(none.shape).toEqual([0]);
  });
});
