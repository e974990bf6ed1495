import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  adamWNumbers,
  fusedAdamW,
  fusedMomentum,
  type Pace,
  paceOf,
  registerKernels,
  type StepItem,
} from './index.ts';
import { normal } from './testing/compare.ts';
import { type Dawn, openDawn, startDawn } from './testing/dawn.ts';

const shapes = [[3, 5], [7], [130], [2, 2, 2], [1], [64], [9, 4]];
const adamW = { learningRate: 0.1, weightDecay: 0.05, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const steps = 3;

/** AdamW as PyTorch documents it, one element at a time in float64. */
function plainAdamW(p: number, gradients: readonly number[], decays: boolean): number {
  const { learningRate, weightDecay, beta1, beta2, epsilon } = adamW;
  let [value, m, v] = [p, 0, 0];
  for (const [i, g] of gradients.entries()) {
    if (decays) value -= learningRate * weightDecay * value;
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g * g;
    const [mHat, vHat] = [m / (1 - beta1 ** (i + 1)), v / (1 - beta2 ** (i + 1))];
    value -= (learningRate * mHat) / (Math.sqrt(vHat) + epsilon);
  }
  return value;
}

function plainMomentum(p: number, gradients: readonly number[]): number {
  let [value, velocity] = [p, 0];
  for (const g of gradients) {
    velocity = 0.9 * velocity + g;
    value -= 0.1 * velocity;
  }
  return value;
}

const parameterAt = (i: number) => normal(shapes[i]!, 1).values;
const gradientAt = (i: number, step: number) => normal(shapes[i]!, 10 + step).values;

/** Values after a few steps of `take`, which gets the items of one step. */
async function train(
  states: number,
  take: (items: StepItem[], step: number) => tf.Tensor[] | null,
): Promise<Float32Array[]> {
  const before = tf.memory().numTensors;
  const state = shapes.map((shape) => Array.from({ length: states }, () => tf.zeros(shape)));
  let parameters = shapes.map((shape, i) => tf.tensor(parameterAt(i).slice(), shape));
  for (let step = 1; step <= steps; step++) {
    const gradients = shapes.map((shape, i) => tf.tensor(gradientAt(i, step).slice(), shape));
    // One gradient that another tensor shares must not be overwritten.
    const shared = tf.reshape(gradients[0]!, [-1]);
    const moved = take(
      parameters.map((parameter, i) => ({
        parameter,
        gradient: gradients[i]!,
        state: state[i]!,
        decays: parameter.rank > 1,
      })),
      step,
    );
    expect(moved?.map((t) => t.shape)).toEqual(shapes);
    expect(Float32Array.from(await shared.data())).toEqual(gradientAt(0, step));
    tf.dispose([parameters, gradients, shared]);
    parameters = moved!;
  }
  const values = await Promise.all(parameters.map(async (t) => Float32Array.from(await t.data())));
  tf.dispose([parameters, state]);
  expect(tf.memory().numTensors).toBe(before);
  return values;
}

function expectPlain(
  values: readonly Float32Array[],
  rule: (p: number, gradients: number[], i: number) => number,
) {
  for (const [i, tensor] of values.entries()) {
    for (const [k, value] of tensor.entries()) {
      const gradients = Array.from({ length: steps }, (_, s) => gradientAt(i, s + 1)[k]!);
      expect(value).toBeCloseTo(rule(parameterAt(i)[k]!, gradients, i), 4);
    }
  }
}

function atPace<R>(numbers: Record<string, number>, step: (pace: Pace) => R): R {
  const pace = paceOf(numbers);
  const result = step(pace);
  pace.tensor.dispose();
  return result;
}

let dawn: Dawn | { readonly reason: string };
beforeAll(async () => {
  dawn = await openDawn();
  for (const backend of ['wasm', 'webgpu'] as const) registerKernels(backend);
  if (!('reason' in dawn)) await startDawn(dawn);
});

describe.for(['wasm', 'webgpu'] as const)('an optimizer step over all tensors on %s', (backend) => {
  it('is AdamW, with decay of matrices only', async ({ skip }) => {
    if (backend === 'webgpu' && 'reason' in dawn) return skip(dawn.reason);
    await tf.setBackend(backend);
    const values = await train(2, (items, step) =>
      atPace(adamWNumbers({ ...adamW, step }), (pace) => fusedAdamW(items, pace)),
    );
    expectPlain(values, (p, gradients, i) => plainAdamW(p, gradients, shapes[i]!.length > 1));
  });

  it('is momentum', async ({ skip }) => {
    if (backend === 'webgpu' && 'reason' in dawn) return skip(dawn.reason);
    await tf.setBackend(backend);
    const values = await train(1, (items) =>
      atPace({ rate: 0.1, momentum: 0.9 }, (pace) => fusedMomentum(items, pace)),
    );
    expectPlain(values, plainMomentum);
  });
});

it('is refused where the backend has no such kernel', async () => {
  await tf.setBackend('cpu');
  expect(fusedAdamW([], paceOf(adamWNumbers({ ...adamW, step: 1 })))).toBeNull();
});
