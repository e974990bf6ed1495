import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { expect } from 'vitest';
import { random } from '../../random.ts';
import { registerKernels } from '../index.ts';

/** Shapes and values, for both backends alike. */
export interface Plain {
  readonly shape: number[];
  readonly values: Float32Array;
}

/** Standard normal values, the same for the same shape and seed. */
export function normal(shape: number[], seed: number): Plain {
  const source = random('kernel test', seed, ...shape);
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, values: Float32Array.from({ length: size }, () => source.normal()) };
}

type Program = (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[];

async function runOn(backend: string, program: Program, inputs: readonly Plain[]): Promise<Plain[]> {
  await tf.setBackend(backend);
  const results = tf.tidy(() => {
    const out = program(...inputs.map((i) => tf.tensor(i.values.slice(), i.shape)));
    return Array.isArray(out) ? out : [out];
  });
  const plain: Plain[] = [];
  for (const t of results) plain.push({ shape: t.shape, values: Float32Array.from(await t.data()) });
  tf.dispose(results);
  return plain;
}

/**
 * Runs `program` on wasm and on the cpu backend and expects the same shapes, and values within 1e-5 of the
 * largest one. Expects wasm to hold as many tensors and data as before.
 */
export async function expectLikeCpu(program: Program, inputs: readonly Plain[]): Promise<void> {
  registerKernels('wasm');
  const expected = await runOn('cpu', program, inputs);
  await tf.setBackend('wasm');
  const backend = tf.backend();
  const before = { tensors: tf.memory().numTensors, data: backend.numDataIds() };
  const actual = await runOn('wasm', program, inputs);
  expect({ tensors: tf.memory().numTensors, data: backend.numDataIds() }).toEqual(before);
  expect(actual.map((t) => t.shape)).toEqual(expected.map((t) => t.shape));
  expected.forEach(({ values }, i) => {
    const scale = values.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-3);
    const worst = values.reduce((m, v, k) => Math.max(m, Math.abs(v - actual[i]!.values[k]!)), 0);
    expect(Number.isFinite(worst) && values.length === actual[i]!.values.length).toBe(true);
    expect(worst / scale).toBeLessThan(1e-5);
  });
}
