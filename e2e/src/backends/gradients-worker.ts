import {
  type FixtureName,
  fixtures,
  gradientError,
  normalTensor,
  type ReferenceErrors,
  referenceErrors,
} from '@strata/fl-core/models/testing';
import { chooseBackend } from '@strata/fl-core/training';
import { type Operation, operations } from '@strata/fl-core/training/testing';
import * as tf from '@tensorflow/tfjs-core';

/** Where to differentiate. */
export interface WorkerTask {
  readonly force: 'webgpu' | 'wasm';
}

export interface ModelOutcome {
  readonly name: FixtureName;
  /** One entry a case of the fixture. */
  readonly cases: readonly ReferenceErrors[];
  readonly milliseconds: number;
}

export interface Outcome {
  readonly backend: string;
  /** Of all fixtures. */
  readonly models: readonly ModelOutcome[];
  /** Largest difference from the cpu backend by operation, relative to the largest element of each tensor. */
  readonly operations: Readonly<Record<string, number>>;
  /** Largest difference of the cpu backend's gradient from finite differences by operation, relative likewise. */
  readonly differences: Readonly<Record<string, number>>;
  /** Tensors that were left behind. */
  readonly left: number;
}

async function work({ force }: WorkerTask): Promise<Outcome> {
  const { name } = await chooseBackend({ force, wasmPaths: '/wasm/' });
  const before = tf.memory().numTensors;
  const models: ModelOutcome[] = [];
  for (const name of fixtures) {
    const started = performance.now();
    const cases = await referenceErrors(fixture(name));
    models.push({ name, cases, milliseconds: performance.now() - started });
  }
  const found: Record<string, number> = {};
  const differences: Record<string, number> = {};
  for (const operation of operations) {
    await tf.setBackend('cpu');
    const expected = await valueAndGradients(operation);
    differences[operation.name] = tf.tidy(() => gradientError(operation.f, inputsOf(operation)));
    await tf.setBackend(name);
    found[operation.name] = largestError(await valueAndGradients(operation), expected);
  }
  return {
    backend: tf.getBackend(),
    models,
    operations: found,
    differences,
    left: tf.memory().numTensors - before,
  };
}

const fixture = (folder: FixtureName) => async (file: string) => {
  const response = await fetch(`/models/${folder}/${file}`);
  if (!response.ok) throw new Error(`There is no ${folder}/${file}.`);
  return new Uint8Array(await response.arrayBuffer());
};

const inputsOf = ({ name, shapes }: Operation): tf.Tensor[] =>
  shapes.map((shape, i) => normalTensor(`${name} ${i}`, [...shape]));

/** The value and the gradient of a fixed combination of its elements by every input, as plain values. */
async function valueAndGradients(operation: Operation): Promise<Float32Array[]> {
  const results = tf.tidy(() => {
    const inputs = inputsOf(operation);
    const value = operation.f(...inputs);
    const weights = normalTensor('weights', value.shape);
    const scalar = (...xs: tf.Tensor[]) => tf.sum(tf.mul(operation.f(...xs), weights));
    return [value, ...tf.grads(scalar)(inputs)];
  });
  const plain: Float32Array[] = [];
  for (const result of results) plain.push(Float32Array.from(await result.data()));
  tf.dispose(results);
  return plain;
}

function largestError(actual: readonly Float32Array[], expected: readonly Float32Array[]): number {
  const errors = expected.map((values, i) => {
    const got = actual[i];
    if (got?.length !== values.length) return Number.POSITIVE_INFINITY;
    const scale = values.reduce((max, v) => Math.max(max, Math.abs(v)), 1e-3);
    return values.reduce((max, v, k) => Math.max(max, Math.abs(v - got[k]!)), 0) / scale;
  });
  return Math.max(...errors);
}

addEventListener('message', ({ data: task }: MessageEvent<WorkerTask>) => {
  work(task).then(
    (outcome) => postMessage({ outcome }),
    (error: unknown) =>
      postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
