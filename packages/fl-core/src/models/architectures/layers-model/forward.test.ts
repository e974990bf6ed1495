import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as library from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { registerKernels } from '../../../kernels/index.ts';
import { random } from '../../../random.ts';
import type { ImageBatch } from '../../batch.ts';
import { loadModel } from '../../load.ts';
import { classTargets } from '../../targets.ts';
import { run, upload } from '../../testing/run.ts';
import { drawnWeights, exampleModels, saveModel, specOfSaved } from './testing.ts';

const side = 12;
const size = 4;
const examples = exampleModels(library);
type Name = keyof typeof examples;
const names = Object.keys(examples) as Name[];

const batch = (): ImageBatch => {
  const rng = random('layers model images');
  return {
    kind: 'image',
    side,
    size,
    pixels: Uint8Array.from({ length: size * side * side * 3 }, () => rng.below(256)),
    targets: classTargets(labels),
  };
};

const labels = Int32Array.of(0, 1, 2, 1);

const crossEntropy = (logits: tf.Tensor): tf.Scalar =>
  tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits), tf.oneHot(tf.tensor1d(labels, 'int32'), 3)), 1)));

async function ours(name: Name) {
  const saved = await saveModel(library, examples[name]());
  const spec = specOfSaved(saved);
  const model = await loadModel(spec, { classes: 3, side });
  return { spec, model, weights: drawnWeights(model.layout) };
}

beforeAll(async () => {
  for (const backend of ['cpu', 'wasm'] as const) registerKernels(backend);
});

/** Logits and gradients of everything trained, in stages, on one backend. */
async function onBackend(backend: 'cpu' | 'wasm', name: Name) {
  await tf.setBackend(backend);
  const { model, weights } = await ours(name);
  const before = tf.memory().numTensors;
  const parameters = upload(weights);
  const trained = model.layout.layers
    .filter((l) => l.role !== 'embed')
    .flatMap((l) => l.tensors.map((t) => t.name));
  const images = batch();
  const { logits, grads } = tf.tidy(() => {
    const logits = run(model, parameters, images).x;
    const { grads } = tf.valueAndGrads((...values: tf.Tensor[]) => {
      const moved = Object.fromEntries(trained.map((key, i) => [key, values[i]!]));
      return crossEntropy(run(model, { ...parameters, ...moved }, images).x);
    })(trained.map((key) => parameters[key]!));
    return { logits, grads };
  });
  const result = {
    logits: Array.from(await logits.data<'float32'>()),
    gradients: new Map(
      await Promise.all(
        grads.map(async (g, i) => [trained[i]!, Array.from(await g.data<'float32'>())] as const),
      ),
    ),
  };
  tf.dispose([parameters, logits, grads]);
  expect(tf.memory().numTensors).toBe(before);
  return { ...result, weights, images };
}

/** The library's own model with the same weights, its own graph and its own variables, on the cpu backend. */
async function theirs(name: Name, weights: ReturnType<typeof drawnWeights>, images: ImageBatch) {
  await tf.setBackend('cpu');
  const model = exampleModels(library, true)[name]();
  const values = new Map(weights.map((t) => [t.name, t]));
  const { pixels, channels } = specOfSaved(await saveModel(library, model));
  for (const layer of model.layers) {
    layer.setWeights(
      layer.weights.map((w) => {
        const value = values.get(w.originalName);
        return value ? tf.tensor(value.data, [...value.shape]) : w.read();
      }),
    );
  }
  const colours = tf.tensor4d(Float32Array.from(images.pixels), [size, side, side, 3]);
  const grey = tf.sum(tf.mul(colours, tf.tensor1d([0.299, 0.587, 0.114])), 3, true) as tf.Tensor4D;
  const x = tf.mul(channels === 3 ? colours : grey, pixels === 'unit' ? 1 / 255 : 1);
  // The gradient by the variables of the library: its probabilities p give the loss -log p.
  const variables = model.layers.flatMap((l) => (l.trainable ? l.trainableWeights : []));
  const sigmoid = name === 'convolutional';
  const loss = () => {
    const p = model.apply(x) as tf.Tensor2D;
    const logits = sigmoid ? tf.log(tf.div(p, tf.sub(1, p))) : tf.log(p);
    return crossEntropy(logits);
  };
  const { grads } = tf.variableGrads(
    loss,
    variables.map((v) => v.read() as tf.Variable),
  );
  return {
    probabilities: Array.from((model.predict(x) as tf.Tensor).dataSync()),
    gradients: new Map(
      variables.map((v) => [v.originalName, Array.from(grads[(v.read() as tf.Variable).name]!.dataSync())]),
    ),
  };
}

const worst = (a: readonly number[], b: readonly number[]): number =>
  a.length === b.length
    ? Math.max(...a.map((v, i) => Math.abs(v - b[i]!))) / Math.max(1e-3, ...b.map(Math.abs))
    : Number.POSITIVE_INFINITY;

const softmax = (logits: readonly number[]): number[] =>
  Array.from({ length: size }, (_, i) => {
    const row = logits.slice(3 * i, 3 * i + 3).map(Math.exp);
    return row.map((v) => v / row.reduce((a, b) => a + b));
  }).flat();

describe.each(names)('a LayersModel (%s)', (name) => {
  it.each(['cpu', 'wasm'] as const)('has the outputs and gradients of the library on %s', async (backend) => {
    const own = await onBackend(backend, name);
    const expected = await theirs(name, own.weights, own.images);
    const answer =
      name === 'convolutional' ? own.logits.map((v) => 1 / (1 + Math.exp(-v))) : softmax(own.logits);
    expect(worst(answer, expected.probabilities)).toBeLessThan(1e-5);
    const missing = [...expected.gradients.keys()].filter((key) => !own.gradients.has(key));
    expect(missing).toEqual(name === 'residual' ? ['b1_norm/gamma'] : []);
    for (const [key, gradient] of own.gradients) {
      expect(worst(gradient, expected.gradients.get(key)!), key).toBeLessThan(1e-4);
    }
  });

  it('is made without leaving a tensor behind', async () => {
    await tf.setBackend('cpu');
    const saved = await saveModel(library, examples[name]());
    const { numTensors, numDataBuffers } = tf.memory();
    const model = await loadModel(specOfSaved(saved), { classes: 5, side });
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
    expect(model.layout.layers.at(-1)?.tensors.map((t) => t.shape.at(-1))).toContain(5);
  });
});

it.each([
  ['unit', [0, 0.4, 1]],
  ['signed', [-1, -0.2, 1]],
  ['bytes', [0, 102, 255]],
] as const)('pixels of 0, 102 and 255 go in as %s', async (pixels, wanted) => {
  await tf.setBackend('cpu');
  const spec = { ...specOfSaved(await saveModel(library, examples.plain())), pixels };
  const model = await loadModel(spec, { classes: 3, side });
  const batch: ImageBatch = {
    kind: 'image',
    size: 1,
    side,
    pixels: Uint8Array.from({ length: side * side * 3 }, (_, i) => [0, 102, 255][i % 3]!),
    targets: classTargets(new Int32Array(1)),
  };
  const values = tf.tidy(() => [...model.input(batch).x.dataSync().slice(0, 3)]);
  values.forEach((value, i) => {
    expect(value).toBeCloseTo(wanted[i]!, 5);
  });
});
