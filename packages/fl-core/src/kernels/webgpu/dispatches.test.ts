import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { selfAttention } from '../../models/blocks/attention.ts';
import { gelu } from '../../models/blocks/gelu.ts';
import { layerNorm } from '../../models/blocks/layer-norm.ts';
import { linear } from '../../models/blocks/linear.ts';
import { classTargets } from '../../models/targets.ts';
import { lossOf } from '../../training/tfjs/objectives/index.ts';
import { registerKernels } from '../index.ts';
import { type Dawn, openDawn, startDawn } from '../testing/dawn.ts';

let dawn: Dawn | { readonly reason: string };
const counted = { dispatches: 0, pipelines: 0 };

beforeAll(async () => {
  dawn = await openDawn();
  registerKernels('webgpu');
  if ('reason' in dawn) return;
  const device = await startDawn(dawn);
  await tf.setBackend('webgpu');
  const create = device.createComputePipeline.bind(device);
  device.createComputePipeline = (descriptor) => {
    counted.pipelines += 1;
    return create(descriptor);
  };
  const { prototype } = GPUComputePassEncoder;
  const dispatch = prototype.dispatchWorkgroups;
  prototype.dispatchWorkgroups = function (...groups) {
    counted.dispatches += 1;
    return dispatch.apply(this, groups);
  };
});

type Operation = (...inputs: tf.Tensor[]) => tf.Tensor;

/** Counts of one forward and backward pass with gradients by all inputs. */
function count(f: Operation, shapes: readonly number[][]): { dispatches: number; pipelines: number } {
  const before = { ...counted };
  tf.tidy(() => {
    const inputs = shapes.map((shape) => tf.tensor(new Float32Array(tf.util.sizeFromShape(shape)), shape));
    const out = tf.tensor(new Float32Array(tf.util.sizeFromShape(f(...inputs).shape)), f(...inputs).shape);
    // The two calls above are not to be counted.
    Object.assign(before, counted);
    tf.grads(f)(inputs, out);
  });
  return {
    dispatches: counted.dispatches - before.dispatches,
    pipelines: counted.pipelines - before.pipelines,
  };
}

const operations: [name: string, dispatches: number, f: Operation, shapes: (batch: number) => number[][]][] =
  [
    ['linear', 4, (x, k, b) => linear(x!, k!, b!, 'out-in'), (n) => [[n, 6, 8], [10, 8], [10]]],
    ['layer norm', 3, (x, g, b) => layerNorm(x!, g!, b!, 1e-6), (n) => [[n, 6, 8], [8], [8]]],
    ['gelu', 2, (x) => gelu(x!), (n) => [[n, 7]]],
    [
      'self-attention',
      8,
      (x) => selfAttention(x!, { heads: 2, mask: null, causal: true }),
      (n) => [[n, 5, 24]],
    ],
    ['cross-entropy', 3, (x) => lossOf(x!, classTargets(new Int32Array(x!.shape[0]!))), (n) => [[n, 9]]],
  ];

it.for(operations)('%s takes %i dispatches, forward and backward', ([, dispatches, f, shapes], { skip }) => {
  if ('reason' in dawn) return skip(dawn.reason);
  expect(count(f, shapes(3)).dispatches).toBe(dispatches);
});

it.for(operations)('%s compiles nothing for another number of samples', ([, , f, shapes], { skip }) => {
  if ('reason' in dawn) return skip(dawn.reason);
  count(f, shapes(3));
  const before = counted.pipelines;
  count(f, shapes(2));
  expect(counted.pipelines).toBe(before);
});
