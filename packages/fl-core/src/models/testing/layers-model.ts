import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { decodeSafetensors, type NamedTensor } from '../../protocol/index.ts';
import { layersModelSpec } from '../architectures/layers-model/config.ts';
import { readLayersModel } from '../architectures/layers-model/read.ts';
import type { ImageBatch } from '../batch.ts';
import { elements } from '../layout.ts';
import { loadModel } from '../load.ts';
import { classTargets } from '../targets.ts';
import type { Fixture } from './fixture.ts';
import { run, upload } from './run.ts';

const Manifest = z.object({
  weightsManifest: z.tuple([
    z.object({ weights: z.array(z.object({ name: z.string(), shape: z.array(z.number().int()) })) }),
  ]),
});
const Integers = z.array(z.number().int());
const Reference = z.object({
  side: z.number(),
  size: z.number(),
  pixels: Integers,
  labels: Integers,
  logits: z.array(z.number()),
  loss: z.number(),
});

/** Classes of the fixture. */
const classes = 3;

export interface LayersModelErrors {
  readonly logits: number;
  readonly loss: number;
  /** By parameter, relative to its largest. */
  readonly gradients: Readonly<Record<string, number>>;
  /** Tensors that are alive after all that and were not before. */
  readonly left: number;
}

/**
 * Runs the network of experiments/oracles/layers-model.py on tfjs's current backend, for which gradients must be
 * registered, and compares logits, loss and the gradient of every trained parameter with PyTorch's.
 */
export async function layersModelErrors(fixture: Fixture): Promise<LayersModelErrors> {
  const json = async (file: string): Promise<unknown> =>
    JSON.parse(new TextDecoder().decode(await fixture(file)));
  const file = await json('model.json');
  const spec = layersModelSpec(readLayersModel(file, 'fixture').found, { id: 'fixture' });
  const { side, size, pixels, labels, logits, loss } = Reference.parse(await json('reference.json'));
  const batch: ImageBatch = {
    kind: 'image',
    side,
    size,
    pixels: Uint8Array.from(pixels),
    targets: classTargets(Int32Array.from(labels)),
  };
  const before = tf.memory().numTensors;
  const model = await loadModel(spec, { classes, side });
  const parameters = upload(inOrder(Manifest.parse(file), await fixture('weights.bin')));
  const expected = decodeSafetensors(await fixture('gradients.safetensors')).tensors;
  const names = expected.map((t) => t.name);
  const made = tf.tidy(() => {
    const lossOf = (x: tf.Tensor) => {
      const chosen = tf.oneHot(tf.tensor1d(labels, 'int32'), classes);
      return tf.neg<tf.Scalar>(tf.mean(tf.sum(tf.mul(tf.logSoftmax(x), chosen), 1)));
    };
    const { value, grads } = tf.valueAndGrads((...values: tf.Tensor[]) => {
      const moved = Object.fromEntries(names.map((name, i) => [name, values[i]!]));
      return lossOf(run(model, { ...parameters, ...moved }, batch).x);
    })(names.map((name) => parameters[name]!));
    return { logits: run(model, parameters, batch).x, value, grads };
  });
  const gradients: Record<string, number> = {};
  for (const [i, { name, data }] of expected.entries()) {
    gradients[name] = relative(await made.grads[i]!.data(), data);
  }
  const errors = {
    logits: relative(await made.logits.data(), logits),
    loss: relative(await made.value.data(), [loss]),
    gradients,
  };
  tf.dispose([parameters, made.logits, made.value, made.grads]);
  return { ...errors, left: tf.memory().numTensors - before };
}

function inOrder({ weightsManifest: [group] }: z.infer<typeof Manifest>, file: Uint8Array): NamedTensor[] {
  let at = 0;
  return group.weights.map(({ name, shape }) => {
    // A copy: Node's files lie anywhere in a larger buffer.
    const bytes = new Uint8Array(file.subarray(at, at + 4 * elements(shape)));
    at += bytes.byteLength;
    return { name, shape, data: new Float32Array(bytes.buffer) };
  });
}

function relative(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  const largest = Math.max(...Array.from(expected, Math.abs));
  return Math.max(...Array.from(actual, (v, i) => Math.abs(v - expected[i]!))) / largest;
}
